import { addValidity } from '#core/calendar.ts';
import { derivePid } from '#core/catalog.ts';
import type { IssuerCertificate } from '#core/documents/issuer-certificate.ts';
import { licenseDenialDocument } from '#core/documents/license-denial.ts';
import type { LicenseToken } from '#core/documents/license-token.ts';
import type { ErrorCode } from '#core/errors.ts';
import {
  accepted,
  bought,
  certified,
  denialAnswer,
  leaseAnswer,
  refused,
  renewable,
  tokenAnswer,
} from './answer-parts.ts';
import { forge } from './forgeries.ts';
import {
  DAY,
  denial,
  idOf,
  keys,
  lease,
  NOW,
  oneYear,
  otherAppId,
  publishedKeys,
  purchase,
  sku,
  subject,
  token,
} from './parties.ts';
import { renewedAnswers } from './renewed-answers.ts';
import type { VectorCase, VectorFile } from './vector-file.ts';
export async function answerVectors(): Promise<VectorFile> {
  return {
    description:
      'Answers to a license request: trusted root → issuer certificate as of the statement’s iat → server key → token, denial or lease → the device it is for (`subject`) → the vendor’s terms. `trusted` names keys of this file.',
    keys: publishedKeys('root', 'spare', 'server', 'device', 'stranger'),
    cases: [
      ...(await honest()),
      ...(await untrusted()),
      ...(await forAnother()),
      ...(await misshapen()),
      ...(await violating()),
      ...(await renewedAnswers()),
    ],
  };
}

async function honest(): Promise<VectorCase[]> {
  const account = derivePid(sku, oneYear, 'account');
  const accountToken: Partial<LicenseToken> = {
    pid: account,
    category: 'account',
    exp: NOW + 7 * DAY,
    graceSeconds: DAY,
  };
  const accountTerms = { terms: [await bought({ pid: account, category: 'account' })] };
  const accountInput = { subject: { ...subject, pid: account } };
  const { license: _, ...noLicense } = denial;
  const exhausted = { ...noLicense, code: 'quota_exhausted' as const };
  return [
    accepted('a token', await tokenAnswer(), 'token', token),
    accepted(
      'a token of less than the terms allow',
      await tokenAnswer({ exp: NOW + 60, graceSeconds: 0 }),
      'token',
      { ...token, exp: NOW + 60, graceSeconds: 0 },
    ),
    accepted(
      'terms for this very App',
      await tokenAnswer({}, { terms: [await bought({ appId: subject.appId })] }),
      'token',
      token,
    ),
    accepted(
      'a line more than needed',
      await tokenAnswer({}, { terms: [await bought(), await renewable()] }),
      'token',
      token,
    ),
    accepted(
      'the certificate ends at iat',
      await tokenAnswer({}, { issuerCertificate: await certified({ exp: NOW }) }),
      'token',
      token,
    ),
    accepted(
      'the certificate begins at iat',
      await tokenAnswer({}, { issuerCertificate: await certified({ nbf: NOW }) }),
      'token',
      token,
    ),
    accepted(
      'an account token of a week and a day',
      await tokenAnswer(accountToken, accountTerms),
      'token',
      { ...token, ...accountToken },
      accountInput,
    ),
    accepted('a denial that ends the license', await denialAnswer(), 'denial', denial),
    accepted('a lease', await leaseAnswer(), 'lease', lease),
    accepted(
      'a denial of the request',
      { ...(await denialAnswer()), document: await licenseDenialDocument.sign(exhausted, keys.server) },
      'denial',
      exhausted,
    ),
    refused(
      'an account token of more than a week',
      'terms_violated',
      await tokenAnswer({ ...accountToken, exp: NOW + 7 * DAY + 1 }, accountTerms),
      accountInput,
    ),
    refused(
      'an account token of more than a day of grace',
      'terms_violated',
      await tokenAnswer({ ...accountToken, graceSeconds: DAY + 1 }, accountTerms),
      accountInput,
    ),
  ];
}

async function untrusted(): Promise<VectorCase[]> {
  const answer = await tokenAnswer();
  const otherServer = { sub: idOf('other server'), cnf: { jwk: keys.stranger.jwk } };
  const withCertificate = async (changes: Partial<IssuerCertificate>, claims: Partial<LicenseToken> = {}) =>
    tokenAnswer(claims, { issuerCertificate: await certified(changes) });
  const none = forge(
    { alg: 'none', typ: 'license-token+jwt', kid: keys.server.thumbprint },
    token,
    keys.server,
  );
  return [
    refused('under another vendor root', 'issuer_untrusted', answer, { trusted: ['stranger'] }),
    refused('under the spare root alone', 'issuer_untrusted', answer, { trusted: ['spare'] }),
    refused(
      'the server certified itself',
      'issuer_untrusted',
      await tokenAnswer({}, { issuerCertificate: await certified({}, keys.server) }),
    ),
    refused(
      'signed by another key than the certified one',
      'issuer_untrusted',
      await tokenAnswer({}, {}, keys.stranger),
    ),
    refused(
      'signed by the vendor root instead of the server',
      'issuer_untrusted',
      await tokenAnswer({}, {}, keys.root),
    ),
    refused("another server's certificate", 'issuer_untrusted', await withCertificate(otherServer)),
    refused(
      "another server's certificate and signature",
      'issuer_mismatch',
      await tokenAnswer({}, { issuerCertificate: await certified(otherServer) }, keys.stranger),
    ),
    refused(
      'certificate of another server id',
      'issuer_mismatch',
      await withCertificate({ sub: idOf('other server') }),
    ),
    refused('certificate of another company', 'issuer_mismatch', await withCertificate({ cid: '999' })),
    refused(
      'token of another server id',
      'issuer_mismatch',
      await tokenAnswer({ iss: idOf('other server') }),
    ),
    refused('token of another company', 'issuer_mismatch', await tokenAnswer({ cid: '999' })),
    refused('denial of another company', 'issuer_mismatch', await denialAnswer({ cid: '999' })),
    refused('lease of another company', 'issuer_mismatch', await leaseAnswer({ cid: '999' })),
    refused(
      'lease of another server id',
      'issuer_mismatch',
      await leaseAnswer({ iss: idOf('other server') }),
    ),
    refused('lease signed by a stranger', 'issuer_untrusted', await leaseAnswer({}, {}, keys.stranger)),
    refused(
      'certificate ended before iat',
      'issuer_certificate_not_valid',
      await withCertificate({ exp: NOW - 1 }),
    ),
    refused(
      'certificate begins after iat',
      'issuer_certificate_not_valid',
      await withCertificate({ nbf: NOW + 1 }),
    ),
    refused(
      'denial under a certificate that ended',
      'issuer_certificate_not_valid',
      await denialAnswer({}, { issuerCertificate: await certified({ exp: NOW - 1 }) }),
    ),
    refused('token with alg none', 'document_wrong_type', { ...answer, document: none }),
  ];
}

async function forAnother(): Promise<VectorCase[]> {
  const stranger = { cnf: { jkt: keys.stranger.thumbprint } };
  return [
    refused('token for another device key', 'answer_for_another_device', await tokenAnswer(stranger)),
    refused(
      'token for another LicenseKey',
      'answer_for_another_license',
      await tokenAnswer({ licenseKey: 'SN-0002' }),
    ),
    refused(
      'token for the LicenseKey in other capitals',
      'answer_for_another_license',
      await tokenAnswer({ licenseKey: 'sn-0001' }),
    ),
    refused('token for another App', 'answer_for_another_license', await tokenAnswer({ appId: otherAppId })),
    refused(
      'token for another PID',
      'answer_for_another_license',
      await tokenAnswer({ pid: idOf('other pid') }),
    ),
    refused('lease for another device key', 'answer_for_another_device', await leaseAnswer(stranger)),
    refused(
      'lease for another LicenseKey',
      'answer_for_another_license',
      await leaseAnswer({ licenseKey: 'SN-0002' }),
    ),
    refused('lease for another App', 'answer_for_another_license', await leaseAnswer({ appId: otherAppId })),
    refused(
      'lease for another PID',
      'answer_for_another_license',
      await leaseAnswer({ pid: idOf('other pid') }),
    ),
    refused('denial for another device key', 'answer_for_another_device', await denialAnswer(stranger)),
    refused(
      'denial for another LicenseKey',
      'answer_for_another_license',
      await denialAnswer({ licenseKey: 'SN-0002' }),
    ),
    refused(
      'denial for another App',
      'answer_for_another_license',
      await denialAnswer({ appId: otherAppId }),
    ),
    refused(
      'denial for another PID',
      'answer_for_another_license',
      await denialAnswer({ pid: idOf('other pid') }),
    ),
  ];
}

async function misshapen(): Promise<VectorCase[]> {
  const answer = await tokenAnswer();
  const { document, issuerCertificate, terms } = answer;
  return [
    refused('nothing', 'document_malformed', null),
    refused('text', 'document_malformed', document),
    refused('a list', 'document_malformed', [answer]),
    refused('no certificate', 'document_malformed', { document, terms }),
    refused('no terms member', 'document_malformed', { document, issuerCertificate }),
    refused('18 terms lines', 'document_malformed', { ...answer, terms: Array(18).fill(terms[0]) }),
    refused('a certificate in the place of the token', 'document_wrong_type', {
      ...answer,
      document: issuerCertificate,
    }),
    refused('a token in the place of the certificate', 'document_wrong_type', {
      ...answer,
      issuerCertificate: document,
    }),
    refused('a token in the place of terms', 'document_wrong_type', { ...answer, terms: [document] }),
  ];
}

async function violating(): Promise<VectorCase[]> {
  const says = async (name: string, claims: Partial<LicenseToken>) =>
    refused(name, 'terms_violated', await tokenAnswer(claims));
  const neverBought = derivePid(sku, { unit: 'year', count: 2 }, 'device');
  const lines = async (name: string, code: ErrorCode, ...terms: string[]) =>
    refused(name, code, await tokenAnswer({}, { terms }));
  return [
    await says('another product', { sku: { ...sku, product: 2 } }),
    await says('another media type', { sku: { ...sku, mediaType: 2 } }),
    await says('other minutes in the SKU', { sku: { ...sku, minutes: 1000 } }),
    await says('another period', { sku: { ...sku, period: '08:00~18:00' } }),
    await says('another zone', { sku: { ...sku, zone: 'UTC' } }),
    await says('another category', { category: 'account' }),
    await says('longer expireTime', { expireTime: token.expireTime + 1 }),
    await says('shorter expireTime', { expireTime: token.expireTime - 1 }),
    await says('activationTime after iat', {
      activationTime: NOW + 1,
      expireTime: addValidity(NOW + 1, oneYear),
    }),
    await says('exp beyond the token life', { exp: NOW + purchase.tokenLifeSeconds + 1 }),
    await says('exp beyond expireTime', {
      activationTime: NOW - 364 * DAY,
      expireTime: NOW + DAY,
      exp: NOW + DAY + 1,
    }),
    await says('longer grace', { graceSeconds: purchase.graceSeconds + 1 }),
    await says('longer expiry grace', { expiryGraceSeconds: 1 }),
    await says('other allowed minutes', { minutes: { allowed: 1, own: 0, others: 0 } }),
    refused('a PID that was never bought', 'terms_violated', await tokenAnswer({ pid: neverBought }), {
      subject: { ...subject, pid: neverBought },
    }),
    await lines('terms for another App', 'terms_violated', await bought({ appId: otherAppId })),
    await lines('terms of another company', 'terms_violated', await bought({ cid: '999' })),
    await lines('no terms', 'terms_missing'),
    await lines('terms of another id', 'terms_missing', await bought({ termsId: idOf('other line') })),
    await lines(
      'a renewal line in the place of the purchase',
      'terms_missing',
      await renewable({ termsId: purchase.termsId }),
    ),
    await lines('terms that the server signed itself', 'issuer_untrusted', await bought({}, keys.server)),
    await lines(
      'one line of several under the spare root',
      'issuer_untrusted',
      await bought(),
      await renewable({}, keys.spare),
    ),
    await lines(
      'terms that contradict themselves',
      'terms_inconsistent',
      await bought({ sku: { ...sku, mediaType: 1 } }),
    ),
  ];
}
