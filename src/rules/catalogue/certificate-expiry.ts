import { listing, plural } from '../../observations/words.js';
import type { SeenCertificate } from '../../model/index.js';
import type { Evidence } from '../finding.js';
import { defineRule } from '../rule.js';

const DAY = 86_400;
/** Certificates that live for a day are renewed in hours: soon is a share of their life, if that is less. */
const SHARE = 0.1;
const SHOWN = 3;

export const certificateExpiry = defineRule({
  meta: {
    name: 'certificate-expiry',
    summary: 'A certificate that is in use has expired, or is about to',
    documentation: {
      meaning:
        'The certificate that a server or client shows in its TLS handshakes (or one above it in its chain) is not valid at the time of the capture, or will not be for much longer. Clients that check it refuse the server from that moment on, all at once. One finding for each certificate, with everybody who shows it. An error if it is not valid, otherwise a warning.',
      proof: 'The certificate, in clear up to TLS 1.2 or decrypted, and the clock of the host that captured.',
      lookalikes:
        'Certificates that live for hours or days and are renewed by themselves: those are told of only in the last tenth of their life. A capturing host whose clock is wrong. Root certificates of a trust store, which are sent by some servers and checked by nobody, have dates as well.',
      remedy:
        'Renew the certificate and have the process load it: ZooKeeper reads its key store at start (or with sslQuorumReloadCertFiles and client.certReload), etcd at each handshake.',
    },
    options: {
      days: {
        type: 'number',
        default: 14,
        min: 0,
        unit: 'days',
        description: 'A certificate that ends within this time is told of',
      },
    },
  },
  unfollowed: true,
  create({ model, options, report }) {
    function state({ certificate, epoch }: SeenCertificate): 'expired' | 'early' | 'soon' | null {
      const { notBefore, notAfter } = certificate;
      if (epoch > notAfter) return 'expired';
      if (epoch < notBefore) return 'early';
      const soon = Math.min(options.days * DAY, Math.max(0, notAfter - notBefore) * SHARE);
      return notAfter - epoch < soon ? 'soon' : null;
    }

    function tell(shown: readonly SeenCertificate[], found: 'expired' | 'early' | 'soon'): void {
      const first = shown[0]!;
      const { certificate, of } = first;
      const { subject, issuer, notBefore, notAfter } = certificate;
      const holders = [...new Set(shown.map(({ holder }) => holder))];
      const handshakes = shown.reduce((sum, one) => sum + one.handshakes, 0);
      const epoch = Math.max(...shown.map((one) => one.epoch));
      const left = notAfter - epoch;
      const when =
        found === 'expired'
          ? `expired ${span(-left)} before, on ${date(notAfter)}`
          : found === 'early'
            ? `is not valid before ${date(notBefore)}, in ${span(notBefore - epoch)}`
            : `expires in ${span(left)}, on ${date(notAfter)}`;
      const place = first.depth === 0 ? 'certificate' : 'certificate of the chain';
      const frames = new Set<number>();
      const evidence = shown
        .slice(0, SHOWN)
        .flatMap((one): Evidence[] => [
          { ...one.first, text: `${place} of ${one.holder}: ${subject}, valid until ${date(notAfter)}` },
          ...(one.last.frame === one.first.frame
            ? []
            : [{ ...one.last, text: `the same, ${span(Math.abs(left))} ${left < 0 ? 'after' : 'before'} its end` }]),
        ])
        .sort((a, b) => a.frame - b.frame)
        .filter(({ frame }) => !frames.has(frame) && frames.add(frame));
      const servers = of === 'server' && holders.length === 1 ? { server: holders[0]! } : {};
      const clients = of === 'client' && holders.length === 1 ? { client: holders[0]! } : {};
      report({
        severity: found === 'soon' ? 'warning' : 'error',
        confidence: 'proven',
        title:
          found === 'soon'
            ? 'A certificate is about to expire'
            : found === 'early'
              ? 'A certificate is not valid yet'
              : 'A certificate has expired',
        message: `The ${place} that ${listing(holders)} shows (${subject}, issued by ${issuer}; ${plural(handshakes, 'handshake')}) ${when}.`,
        remedy:
          found === 'early'
            ? 'Compare the clocks of the host that issued it and of those that check it.'
            : `Renew the certificate of ${listing(holders)} and have the process load it${found === 'soon' ? ' before that day' : ''}.`,
        ...servers,
        ...clients,
        from: Math.min(...shown.map((one) => one.first.time)),
        to: Math.max(...shown.map((one) => one.last.time)),
        evidence,
        ...(found === 'expired' ? { unrepaired: `the certificate of ${listing(holders)} has expired` } : {}),
        data: {
          state: found === 'early' ? 'notYetValid' : found,
          of,
          ...{ subject, issuer, holders, handshakes },
          notBefore: date(notBefore),
          notAfter: date(notAfter),
          daysLeft: Math.round((left / DAY) * 10) / 10,
        },
      });
    }

    return {
      end() {
        const groups = new Map<string, SeenCertificate[]>();
        for (const seen of model.handshakes.certificates) {
          const found = state(seen);
          if (found === null) continue;
          const { subject, issuer, notAfter } = seen.certificate;
          const key = `${found} ${seen.of} ${notAfter} ${issuer}\n${subject}`;
          const known = groups.get(key);
          if (known === undefined) groups.set(key, [seen]);
          else known.push(seen);
        }
        for (const [key, shown] of groups) tell(shown, key.slice(0, key.indexOf(' ')) as 'expired' | 'early' | 'soon');
      },
    };
  },
});

/** `2026-11-01 00:00:00 UTC`. */
function date(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** Seconds as a length of time that dates have. */
function span(length: number): string {
  if (length >= 2 * DAY) return plural(Math.floor(length / DAY), 'day');
  if (length >= 7200) return plural(Math.floor(length / 3600), 'hour');
  return plural(Math.max(0, Math.floor(length / 60)), 'minute');
}
