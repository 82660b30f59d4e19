import { addValidity, isWithinPeriod } from '#core/calendar.ts';
import { derivePid, deriveRenewId } from '#core/catalog.ts';
import { bindFingerprint, digestComponents, matchFingerprint } from '#core/device/fingerprint.ts';
import { deriveLicenseKey } from '#core/device/license-key.ts';
import { type AnswerSubject, claimsOf, verifyAnswer } from '#core/documents/answer.ts';
import { verifyApplication } from '#core/documents/application.ts';
import { concurrencyLeaseDocument } from '#core/documents/concurrency-lease.ts';
import { enrollmentProof, parseEnrollment } from '#core/documents/enrollment.ts';
import { verifyGrant } from '#core/documents/grant.ts';
import { verifyIssuerCertificate } from '#core/documents/issuer-certificate.ts';
import { licenseCertDocument } from '#core/documents/license-cert.ts';
import { licenseDenialDocument } from '#core/documents/license-denial.ts';
import { parseLicenseRequest, verifyLicenseRequest } from '#core/documents/license-request.ts';
import { licenseTokenDocument } from '#core/documents/license-token.ts';
import { adoptSuccession, type KnownRoots } from '#core/documents/root-succession.ts';
import { verifyTerms } from '#core/documents/terms.ts';
import { verifyUsageReport } from '#core/documents/usage-report.ts';
import { parseVendorRoots } from '#core/documents/vendor-roots.ts';
import { evaluate, usableUntil } from '#core/evaluate.ts';
import { parseLicenseKey } from '#core/ids.ts';
import { type VerificationKey, verificationKey } from '#core/keys.ts';

/** The input of a case as its file says; what a case expects is compared by who runs it. */
// biome-ignore lint/suspicious/noExplicitAny: each file has its own members, which its JSON alone declares.
type Input = any;
type Keys = Readonly<Record<string, unknown>>;

/** Runs one case, and gives the members that a valid case states. */
type Runner = (input: Input, keys: Keys) => unknown;

const trusted = ({ trusted }: Input, keys: Keys): VerificationKey[] =>
  trusted.map((name: string) => verificationKey(keys[name]));

const rootsOf = ({ root, spare }: Input, keys: Keys): KnownRoots => {
  const key = verificationKey(keys[root]);
  return { root: key, spare: verificationKey(keys[spare]), all: [key], rootSuccession: [] };
};

const documentOf = ({ document }: Input): string =>
  typeof document === 'string' ? document : document.repeat.repeat(document.times);

/** By the name of the published file. */
export const runners: Readonly<Record<string, Runner>> = {
  answer: async (input, keys) => {
    const verified = await verifyAnswer(input.answer, input.subject as AnswerSubject, trusted(input, keys));
    return { kind: verified.kind, claims: claimsOf(verified) };
  },
  application: async (input) => ({ claims: await verifyApplication(documentOf(input)) }),
  calendar: ({ at, validity }) => ({ end: addValidity(at, validity) }),
  'concurrency-lease': async (input, keys) => ({
    claims: await concurrencyLeaseDocument.verify(documentOf(input), trusted(input, keys)),
  }),
  enrollment: async ({ text, pinned }, keys) => ({
    enrollment: (
      await parseEnrollment(text, rootsOf({ root: pinned, spare: 'spare' }, keys), 'enrollment.json')
    ).enrollment,
  }),
  'enrollment-proof': ({ secret, jkt, jti, licenseKey }) => ({
    hmac: enrollmentProof(secret, jkt, jti, licenseKey),
  }),
  evaluate: ({ evidence, time }) => ({ verdict: evaluate(evidence, time) }),
  fingerprint: ({ operation, ...input }) => {
    switch (operation) {
      case 'digest':
        return { fingerprint: digestComponents(input.components, input.fingerprintKey) };
      case 'bind':
        return { bound: bindFingerprint(input.fingerprint, input.license) };
      default:
        return { match: matchFingerprint(input.known, input.seen) };
    }
  },
  grant: async (input, keys) => ({
    claims: (await verifyGrant(documentOf(input), trusted(input, keys))).grant,
  }),
  'issuer-certificate': async (input, keys) => ({
    claims: await verifyIssuerCertificate(documentOf(input), trusted(input, keys), input.at),
  }),
  'license-cert': async (input, keys) => ({
    claims: await licenseCertDocument.verify(documentOf(input), trusted(input, keys)),
  }),
  'license-denial': async (input, keys) => ({
    claims: await licenseDenialDocument.verify(documentOf(input), trusted(input, keys)),
  }),
  'license-key': ({ licenseKey, utf16 }) => ({
    licenseKey: parseLicenseKey(licenseKey ?? String.fromCharCode(...utf16)),
  }),
  'license-key-derivation': ({ strategy, components, machineId }) =>
    deriveLicenseKey(strategy, components, machineId ?? undefined),
  'license-request': async (input) => ({
    claims: await verifyLicenseRequest(parseLicenseRequest(documentOf(input))),
  }),
  'license-token': async (input, keys) => ({
    claims: await licenseTokenDocument.verify(documentOf(input), trusted(input, keys)),
  }),
  period: ({ at, period, zone }) => ({ within: isWithinPeriod(at, period, zone) }),
  pid: ({ sku, validity, category, pid }) =>
    sku === undefined
      ? { renewId: deriveRenewId(pid, validity) }
      : { pid: derivePid(sku, validity, category) },
  'root-succession': async ({ pinned, rootSuccession }, keys) => ({
    roots: (await adoptSuccession(rootsOf(pinned, keys), rootSuccession)).all.map(
      ({ thumbprint }) => thumbprint,
    ),
  }),
  terms: async (input, keys) => ({ claims: await verifyTerms(documentOf(input), trusted(input, keys)) }),
  'usage-report': async (input, keys) => ({
    claims: await verifyUsageReport(documentOf(input), trusted(input, keys)),
  }),
  'usable-until': (input) => ({ usableUntil: usableUntil(input) }),
  'vendor-roots': ({ text }) => {
    const { vendor, root, spare } = parseVendorRoots(text, 'vendor-roots.json');
    return { vendor, root: root.thumbprint, spare: spare.thumbprint };
  },
};
