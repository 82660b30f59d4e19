import { X509Certificate } from 'node:crypto';
import { Enrollment } from '#core/documents/enrollment.ts';
import { type Bilingual, LicenseError } from '#core/errors.ts';
import { readTextFile } from '#core/host/files.ts';
import { shapeProblem } from '#core/shapes.ts';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/**
 * The certificates in a PEM file, and nothing else of it: a private key beside them must not reach devices.
 *
 * @throws `authority_malformed`, `file_unreadable`
 */
export function readAuthorityFile(file: string): string {
  const certificates = readTextFile(file).match(CERTIFICATE) ?? [];
  const malformed = (problem: Bilingual, cause?: unknown) =>
    new LicenseError('authority_malformed', { file, problem }, { cause });
  if (certificates.length === 0)
    throw malformed({ en: 'it holds no certificate in PEM', zh: '其中没有 PEM 证书' });
  for (const certificate of certificates) {
    try {
      new X509Certificate(certificate);
    } catch (cause) {
      throw malformed({ en: 'a certificate in it cannot be read', zh: '其中有无法读取的证书' }, cause);
    }
  }
  const text = `${certificates.join('\n')}\n`;
  const problem = shapeProblem(Enrollment.properties.caCertificate, text);
  if (problem !== undefined) throw malformed(problem);
  return text;
}
