import { isIP } from 'node:net';

export interface TlsCertificates {
  /** PEM of the certificate authority, for devices to pin. */
  readonly authority: string;
  /** PEM (PKCS #8) of its key: a secret, needed only to make further certificates. */
  readonly authorityKey: string;
  readonly certificate: string;
  readonly privateKey: string;
}

/**
 * 1970–9999: trust rests on the signed documents, so a device at 1970 must be able to connect. Source: protocol,
 * Time.
 */
const NOT_BEFORE = new Date('1970-01-01T00:00:00Z');
const NOT_AFTER = new Date('9999-12-31T23:59:59Z');

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/**
 * A certificate authority of our own and a server certificate under it.
 *
 * @param hosts DNS names and IP addresses under which the server is reached
 */
export async function createTlsCertificates(hosts: readonly string[]): Promise<TlsCertificates> {
  // Needed by init alone, so loaded here; reflect-metadata must come before it.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');

  const authorityKeys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=License Server CA',
    notBefore: NOT_BEFORE,
    notAfter: NOT_AFTER,
    signingAlgorithm: ALGORITHM,
    keys: authorityKeys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(authorityKeys.publicKey),
    ],
  });

  const serverKeys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: 'CN=License Server',
    issuer: authority.subject,
    notBefore: NOT_BEFORE,
    notAfter: NOT_AFTER,
    signingAlgorithm: ALGORITHM,
    publicKey: serverKeys.publicKey,
    signingKey: authorityKeys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        hosts.map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value })),
      ),
      await x509.AuthorityKeyIdentifierExtension.create(authorityKeys.publicKey),
    ],
  });

  return {
    authority: authority.toString('pem'),
    authorityKey: await privateKeyPem(authorityKeys.privateKey),
    certificate: certificate.toString('pem'),
    privateKey: await privateKeyPem(serverKeys.privateKey),
  };
}

async function privateKeyPem(key: CryptoKey): Promise<string> {
  const { KeyObject } = await import('node:crypto');
  return KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }).toString();
}
