/**
 * Writes the published test vectors: `npm run vectors [-- --out FOLDER]`. The same program always writes the
 * same bytes; a test holds the published files against it.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { answerVectors } from './vectors/answers.ts';
import {
  calendarVectors,
  fingerprintVectors,
  licenseKeyDerivationVectors,
  licenseKeyVectors,
  periodVectors,
  pidVectors,
} from './vectors/derivations.ts';
import {
  certVectors,
  denialVectors,
  leaseVectors,
  requestVectors,
  tokenVectors,
} from './vectors/device-documents.ts';
import { evaluateVectors, usableUntilVectors } from './vectors/evaluation.ts';
import { enrollmentProofVectors, enrollmentVectors, vendorRootsVectors } from './vectors/files.ts';
import { rootSuccessionVectors } from './vectors/root-successions.ts';
import { usageReportVectors } from './vectors/usage-reports.ts';
import type { VectorFile } from './vectors/vector-file.ts';
import {
  applicationVectors,
  certificateVectors,
  grantVectors,
  termsVectors,
} from './vectors/vendor-documents.ts';

const files: Record<string, () => VectorFile | Promise<VectorFile>> = {
  answer: answerVectors,
  application: applicationVectors,
  calendar: calendarVectors,
  'concurrency-lease': leaseVectors,
  enrollment: enrollmentVectors,
  'enrollment-proof': enrollmentProofVectors,
  evaluate: evaluateVectors,
  fingerprint: fingerprintVectors,
  grant: grantVectors,
  'issuer-certificate': certificateVectors,
  'license-cert': certVectors,
  'license-denial': denialVectors,
  'license-key': licenseKeyVectors,
  'license-key-derivation': licenseKeyDerivationVectors,
  'license-request': requestVectors,
  'license-token': tokenVectors,
  period: periodVectors,
  pid: pidVectors,
  'root-succession': rootSuccessionVectors,
  terms: termsVectors,
  'usable-until': usableUntilVectors,
  'usage-report': usageReportVectors,
  'vendor-roots': vendorRootsVectors,
};

const here = dirname(fileURLToPath(import.meta.url));
const { values } = parseArgs({ options: { out: { type: 'string' } } });
const out = resolve(values.out ?? join(here, '..', 'test', 'vectors'));
mkdirSync(out, { recursive: true });
for (const [name, make] of Object.entries(files)) {
  const file = await make();
  writeFileSync(join(out, `${name}.json`), `${JSON.stringify(file, null, 2)}\n`);
  console.error(`${name}.json: ${file.cases.length} cases`);
}
