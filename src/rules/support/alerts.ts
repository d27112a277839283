import type { Refusal } from '../../model/index.js';
import type { Certificate } from '../../protocols/tls/message.js';
import { tlsVersionName } from '../../protocols/tls/names.js';

/** What an alert says of the other side, and what to do. */
export interface AlertMeaning {
  /** Sentence part behind a colon. */
  readonly why: string;
  readonly remedy: string;
}

const CLIENT_CERTIFICATE = [
  ...['bad_certificate', 'unsupported_certificate', 'certificate_revoked', 'certificate_expired'],
  ...['certificate_unknown', 'unknown_ca', 'access_denied', 'decrypt_error', 'certificate_required'],
];

/** Is it the client's certificate that the server refuses? In TLS up to 1.2 also `handshake_failure` may say so. */
function isClientCertificate({ alert, handshake }: Refusal): boolean {
  if (alert.by !== 'server' || handshake.serverHello === null || alert.description === null) return false;
  return (
    CLIENT_CERTIFICATE.includes(alert.description) ||
    (alert.description === 'handshake_failure' && handshake.clientCertificates !== null)
  );
}

/** What tells causes apart: who refused, with which alert, and whether the client had shown a certificate. */
export function alertKind(refusal: Refusal): string {
  const { alert, handshake } = refusal;
  const shown = isClientCertificate(refusal) ? shownByClient(handshake.clientCertificates) : '';
  return `${alert.by} ${alert.description ?? 'encrypted'} ${shown}`;
}

function shownByClient(chain: readonly unknown[] | null): 'none' | 'one' | 'unknown' {
  return chain === null ? 'unknown' : chain.length === 0 ? 'none' : 'one';
}

/** The meaning of a refusal, in the words of the one who has to repair it. */
export function alertMeaning(refusal: Refusal): AlertMeaning {
  if (isClientCertificate(refusal)) return clientCertificateMeaning(refusal);
  return refusal.alert.by === 'client' ? refusedServer(refusal) : refusedClient(refusal);
}

function clientCertificateMeaning({ alert, handshake }: Refusal): AlertMeaning {
  const description = alert.description!;
  const chain = handshake.clientCertificates;
  if (description === 'certificate_required' || chain?.length === 0)
    return {
      why: 'it demands a certificate of the client, and the client sent none',
      remedy:
        'Give the client a certificate and its key (kazoo: certfile and keyfile; Java: zookeeper.ssl.keyStore.location), or set ssl.clientAuth=none on the servers if clients need none.',
    };
  const whose = certificateOf('client', chain);
  const remedy =
    'Compare the client’s certificate with the server’s trust store (zookeeper.ssl.trustStore.location): its issuer must be in there, its dates valid, its names resolvable unless ssl.clientHostnameVerification is off.';
  switch (description) {
    case 'certificate_expired':
      return { why: `${whose} has expired`, remedy: 'Renew the client’s certificate and let it load the new one.' };
    case 'certificate_revoked':
      return { why: `${whose} is revoked`, remedy: 'Issue a new certificate to the client.' };
    case 'unknown_ca':
      return { why: `it does not know the CA that issued ${whose}`, remedy };
    case 'decrypt_error':
      return { why: `the client’s signature does not fit ${whose}: its key is another one`, remedy };
    default:
      return { why: `it does not accept ${whose}`, remedy };
  }
}

/** `the client’s certificate (CN=…, issued by CN=…)`, as far as it was seen. */
function certificateOf(side: 'client' | 'server', chain: readonly Certificate[] | null): string {
  const own = chain?.[0];
  return `the ${side}’s certificate${own === undefined ? '' : ` (${own.subject}, issued by ${own.issuer})`}`;
}

function refusedServer({ alert, handshake }: Refusal): AlertMeaning {
  const whose = certificateOf('server', handshake.serverCertificates);
  const trust =
    'Give the client the CA that issued the server’s certificate (kazoo: ca; Java: zookeeper.ssl.trustStore.location), and the server its whole chain.';
  switch (alert.description) {
    case null:
      return {
        why: 'the reason is encrypted; nearly always it is the server’s certificate',
        remedy: 'A key log (--tls-keys) shows the alert; the client’s own log names it.',
      };
    case 'unknown_ca':
      return { why: `it does not know the CA that issued ${whose}`, remedy: trust };
    case 'certificate_expired':
      return {
        why: `${whose} has expired`,
        remedy: 'Renew the server’s certificate and restart or reload the server.',
      };
    case 'certificate_revoked':
      return { why: `${whose} is revoked`, remedy: 'Issue a new certificate to the server.' };
    case 'bad_certificate':
    case 'certificate_unknown':
    case 'unsupported_certificate':
      return {
        why: `it does not accept ${whose}`,
        remedy: `${trust} The names in the certificate must be those that clients connect to, unless ssl.hostnameVerification is off.`,
      };
    default:
      return general(alert.description, 'server');
  }
}

function refusedClient({ alert, handshake }: Refusal): AlertMeaning {
  switch (alert.description) {
    case 'protocol_version':
      return {
        why: `the client offers at most ${tlsVersionName(handshake.offeredVersion)}, which the server does not speak`,
        remedy:
          'Let both sides speak a version in common: update the client’s TLS library, or see ssl.protocol and ssl.enabledProtocols on the servers.',
      };
    case 'handshake_failure':
    case 'insufficient_security':
      if (handshake.serverHello !== null) break;
      return {
        why: 'nothing that the client offers (cipher suites, groups, signatures) suits the server',
        remedy:
          'Compare the client’s cipher suites with those of the server (zookeeper.ssl.ciphersuites, --cipher-suites of etcd) and with the kind of its key: ECDSA suites need an EC key, RSA suites an RSA key.',
      };
    case 'unrecognized_name':
      return {
        why: `the server knows no ${handshake.serverName ?? 'such name'}`,
        remedy: 'Connect to a name that the server has a certificate for.',
      };
    case 'no_application_protocol':
      return {
        why: 'the server speaks none of the application protocols (ALPN) that the client offers',
        remedy: 'Point the client to the port of the service that it means.',
      };
    case null:
      return {
        why: 'the reason is encrypted',
        remedy: 'A key log (--tls-keys) shows the alert; the log of the side that refused names it.',
      };
  }
  return general(alert.description, 'client');
}

function general(description: string, other: 'client' | 'server'): AlertMeaning {
  return {
    why: `the alert is ${description}`,
    remedy: `The log of the side that refused names the reason; look at what the ${other} sends.`,
  };
}
