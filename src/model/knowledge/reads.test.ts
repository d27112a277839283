import { describe, expect, it } from 'vitest';
import { Scenario } from '../../testing/scenario.js';

describe('a list of children that is too long to keep', () => {
  it('is unknown, and counted', () => {
    const s = new Scenario({ registry: [] });
    const { model } = s.analysis;
    const c = s.session('10.1.0.1:1000', '0x1').list('/a', ['x'], true);
    const request = c.request('getChildren2', '/a');
    c.response(request, {
      length: 5_000_000,
      children: ['y'],
    });
    const view = model.sessions.find('0x1')!.views.get('/a')!;
    expect([view.lastList?.list, view.znode.lists.length, model.forgotten().childLists]).toEqual([null, 1, 1]);
  });
});
