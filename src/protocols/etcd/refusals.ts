/** What a member says where it cannot have a leader decide (etcd's api/v3rpc/rpctypes), and whether it names the leader. */
const REFUSALS: ReadonlyMap<string, boolean> = new Map([
  ['etcdserver: no leader', true],
  ['etcdserver: not leader', true],
  ['etcdserver: leader changed', true],
  ['etcdserver: request timed out, possibly due to previous leader failure', true],
  ['etcdserver: request timed out, possibly due to connection lost', false],
  ['etcdserver: request timed out, waiting for the applied index took too long', false],
  ['etcdserver: request timed out', false],
]);

/** Whether an error's text says that no leader decided; `named` if it gives the leader as the reason. Null for any other. */
export function leaderRefusal(text: string): { readonly named: boolean } | null {
  const named = REFUSALS.get(text);
  return named === undefined ? null : { named };
}
