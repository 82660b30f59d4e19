import { applicationDocument } from '#core/documents/application.ts';
import { type Grant, grantDocument } from '#core/documents/grant.ts';
import { issuerCertificateDocument } from '#core/documents/issuer-certificate.ts';
import { termsDocument } from '#core/documents/terms.ts';
import { kindFile } from './kind-file.ts';
import {
  appId,
  certificate,
  cid,
  DAY,
  idOf,
  keys,
  NOW,
  oneYear,
  otherAppId,
  pid,
  publishedKeys,
  purchase,
  renewal,
  serverId,
  sku,
} from './parties.ts';
import type { VectorCase, VectorFile } from './vector-file.ts';

const trustedRoot = { trusted: ['root'] };

export async function termsVectors(): Promise<VectorFile> {
  const { label: _, ...unlabelled } = purchase;
  return kindFile({
    definition: termsDocument,
    signer: 'root',
    input: trustedRoot,
    description:
      'Terms lines: verified under the keys named in `trusted`; the PID (purchase) or renewId (renewal) must be the one its parts give.',
    good: [
      ['purchase', purchase],
      ['renewal', renewal],
      ['purchase for one App, with a cap on users, without label', { ...unlabelled, appId, pcu: 50 }],
      ['a claim of a later version is kept', { ...purchase, later: { kept: true } } as typeof purchase],
    ],
    bad: [
      ['PID of another SKU', { ...purchase, sku: { ...sku, mediaType: 1 } }, 'terms_inconsistent'],
      ['PID of another zone', { ...purchase, sku: { ...sku, zone: 'UTC' } }, 'terms_inconsistent'],
      [
        'PID of another validity',
        { ...purchase, validity: { unit: 'year', count: 2 } },
        'terms_inconsistent',
      ],
      ['PID of another category', { ...purchase, category: 'account' }, 'terms_inconsistent'],
      [
        'renewId of another validity',
        { ...renewal, validity: { unit: 'month', count: 3 } },
        'terms_inconsistent',
      ],
      ['renewId of another PID', { ...renewal, pid: idOf('other pid') }, 'terms_inconsistent'],
      ['trial of 2 months', { ...purchase, validity: { unit: 'month', count: 2 } }],
      ['commercial of 0 years', { ...purchase, validity: { unit: 'year', count: 0 } }],
      ['count 0', { ...purchase, count: 0 }],
      ['count as text', { ...purchase, count: '100' }],
      ['product 4', { ...purchase, sku: { ...sku, product: 4 } }],
      ['period of another form', { ...purchase, sku: { ...sku, period: '8:00~18:00' } }],
      ['an offset instead of a zone', { ...purchase, sku: { ...sku, zone: '+08:00' } }],
      ['a zone in other capitals', { ...purchase, sku: { ...sku, zone: 'asia/shanghai' } }],
      ['a zone that does not exist', { ...purchase, sku: { ...sku, zone: 'Mars/Olympus' } }],
      ['PID in lower case', { ...purchase, pid: pid.toLowerCase() }],
      ['App ID in upper case', { ...purchase, appId: appId.toUpperCase() }],
      ['token life 0', { ...purchase, tokenLifeSeconds: 0 }],
      ['negative grace', { ...purchase, graceSeconds: -1 }],
      ['label of two lines', { ...purchase, label: 'a\nb' }],
      ['kind unknown', { ...purchase, kind: 'gift' }],
      ['renewal without renewId', { ...renewal, renewId: undefined }],
      ['time after the year 9999', { ...purchase, iat: 253_402_300_800 }],
    ],
  });
}

export async function grantVectors(): Promise<VectorFile> {
  const lines = await Promise.all([purchase, renewal].map((line) => termsDocument.sign(line, keys.root)));
  const line = async (changes: object) => termsDocument.sign({ ...purchase, ...changes }, keys.root);
  const app = { appId, vid: '975823', name: 'Classroom', preallocation: true };
  const secondApp = { ...app, appId: otherAppId, pcu: 10 };
  const grant: Grant = {
    grantId: idOf('grant'),
    aud: serverId,
    cid,
    name: '示范学校 Example School',
    apps: [app],
    terms: lines,
    iat: NOW,
  };
  return kindFile({
    definition: grantDocument,
    signer: 'root',
    input: trustedRoot,
    description:
      'Grants: verified under the keys named in `trusted`, and so is every terms line in it; lines are of the same company, for Apps that the grant enables, and none stands twice.',
    good: [
      ['a purchase and a renewal', grant],
      [
        'replaces an earlier grant, two Apps, no lines',
        {
          ...grant,
          replaces: idOf('earlier grant'),
          terms: [],
          apps: [app, secondApp],
        },
      ],
      ['a line for an enabled App', { ...grant, terms: [await line({ appId })] }],
    ],
    bad: [
      ['an App twice', { ...grant, apps: [app, { ...app, name: 'again' }] }, 'grant_inconsistent'],
      ['lines of another company', { ...grant, cid: '999' }, 'grant_inconsistent'],
      ['a line twice', { ...grant, terms: [...lines, ...lines.slice(0, 1)] }, 'grant_inconsistent'],
      [
        'two lines with one id',
        { ...grant, terms: [...lines, await line({ count: 7 })] },
        'grant_inconsistent',
      ],
      [
        'a line for an App that is not enabled',
        { ...grant, terms: [await line({ appId: otherAppId })] },
        'grant_inconsistent',
      ],
      [
        'a line that contradicts itself',
        { ...grant, terms: [await line({ category: 'account' })] },
        'terms_inconsistent',
      ],
      [
        'a line signed by a stranger',
        { ...grant, terms: [await termsDocument.sign(purchase, keys.stranger)] },
        'issuer_untrusted',
      ],
      [
        'a certificate in the place of a line',
        { ...grant, terms: [await issuerCertificateDocument.sign(certificate, keys.root)] },
        'document_wrong_type',
      ],
      ['no App', { ...grant, apps: [] }],
      ['vid that is no number', { ...grant, apps: [{ ...app, vid: 'x' }] }],
      ['terms that are not documents', { ...grant, terms: [purchase] }],
      ['aud of another form', { ...grant, aud: 'server' }],
    ],
  });
}

export async function certificateVectors(): Promise<VectorFile> {
  const document = await issuerCertificateDocument.sign(certificate, keys.root);
  const spare = await issuerCertificateDocument.sign(certificate, keys.spare);
  const { nbf, exp } = certificate;
  const at = (name: string, time: number): VectorCase => ({
    name,
    document,
    ...trustedRoot,
    at: time,
    valid: true,
    claims: certificate,
  });
  const not = (name: string, time: number): VectorCase => ({
    name,
    document,
    ...trustedRoot,
    at: time,
    valid: false,
    code: 'issuer_certificate_not_valid',
  });
  const file = await kindFile({
    definition: issuerCertificateDocument,
    signer: 'root',
    input: { ...trustedRoot, at: NOW },
    description:
      'Issuer certificates: verified under the keys named in `trusted`, and valid at the moment `at` (the iat of what the server signed): nbf ≤ at ≤ exp.',
    good: [['a certificate', certificate]],
    more: [
      at('at nbf', nbf),
      at('at exp', exp),
      not('one second before nbf', nbf - 1),
      not('one second after exp', exp + 1),
      {
        name: 'signed by the spare root, which is not trusted for certificates',
        document: spare,
        ...trustedRoot,
        at: NOW,
        valid: false,
        code: 'issuer_untrusted',
      },
    ],
    bad: [
      ['serial 0', { ...certificate, serial: 0 }],
      ['serial as text', { ...certificate, serial: '1' }],
      ['a fraction of a second', { ...certificate, exp: exp + 0.5 }],
      ['without a key', { ...certificate, cnf: {} }],
      ['a key of another curve', { ...certificate, cnf: { jwk: { ...keys.server.jwk, crv: 'X25519' } } }],
      ['a company number with a path', { ...certificate, cid: '../x' }],
    ],
  });
  return { ...file, keys: publishedKeys('root', 'spare', 'server', 'stranger') };
}

export async function applicationVectors(): Promise<VectorFile> {
  const item = { kind: 'purchase' as const, sku, validity: oneYear, category: 'device' as const, count: 100 };
  const application = {
    applicationId: idOf('application'),
    iss: serverId,
    iat: NOW - 31 * DAY,
    cid,
    name: '示范学校 Example School',
    cnf: { jwk: keys.server.jwk },
    items: [
      { ...item, label: 'Classroom' },
      { kind: 'renewal' as const, pid, validity: oneYear, count: 20 },
    ],
    apps: [{ appId, name: 'Classroom' }],
    preallocation: true,
  };
  return kindFile({
    definition: applicationDocument,
    signer: 'server',
    description: 'Applications for licenses (申请): signed by the server key that they carry in `cnf.jwk`.',
    good: [
      ['a purchase and a renewal', application],
      ['no items: only a certificate is wanted', { ...application, items: [] }],
    ],
    bad: [
      [
        'carries the key of a stranger',
        { ...application, cnf: { jwk: keys.stranger.jwk } },
        'issuer_untrusted',
      ],
      ['no App', { ...application, apps: [] }],
      ['a name that steers the terminal', { ...application, name: '\u001b[2J' }],
      ['a name with a C1 control', { ...application, name: 'a\u009b2J' }],
      [
        'a trial of 2 months',
        { ...application, items: [{ ...item, validity: { unit: 'month', count: 2 } }] },
      ],
      ['preallocation as a number', { ...application, preallocation: 1 }],
    ],
  });
}
