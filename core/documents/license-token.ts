import * as Type from 'typebox';
import { addValidity } from '../calendar.ts';
import { Category, Sku, type Validity } from '../catalog.ts';
import type { EpochSeconds } from '../clock.ts';
import { BoundFingerprint } from '../device/fingerprint.ts';
import { type Bilingual, LicenseError } from '../errors.ts';
import { AppId, Cid, Count, DurationSeconds, Epoch, Id, LicenseKey, Name, Sha256 } from '../shapes.ts';
import { defineDocument } from './signed-document.ts';
import { type PurchaseTerms, type RenewalTerms, type Terms, tokenLimits } from './terms.ts';

/** A token carries its renewals, so their number is bounded; the 17th is refused. Source: protocol, Trust. */
export const MAX_RENEWALS = 16;

const Minutes = Type.Integer({ minimum: 0, maximum: 100_000_000_000 });

export const LicenseToken = Type.Object({
  iss: Id,
  cid: Cid,
  jti: Id,
  /** The request's jti. */
  nonce: Id,
  /** The server's time. */
  iat: Epoch,
  exp: Epoch,
  license: Id,
  termsId: Id,
  pid: Id,
  appId: AppId,
  licenseKey: LicenseKey,
  category: Category,
  sku: Sku,
  label: Type.Optional(Name),
  /** Allowed in all (0 = unlimited); the highest this meter reported; the sum of the others. */
  minutes: Type.Object({ allowed: Minutes, own: Minutes, others: Minutes }),
  /** Sessions run under a lease, of so many at the same time in all. */
  pcu: Type.Optional(Count),
  activationTime: Epoch,
  renewals: Type.Array(Type.Object({ termsId: Id, at: Epoch }), { maxItems: MAX_RENEWALS }),
  expireTime: Epoch,
  graceSeconds: DurationSeconds,
  expiryGraceSeconds: DurationSeconds,
  /** The device key it is bound to (RFC 7800 §3.1, RFC 7638). */
  cnf: Type.Object({ jkt: Sha256 }),
  fingerprint: BoundFingerprint,
});
export type LicenseToken = Type.Static<typeof LicenseToken>;

/** The license itself, as a device holds it. */
export const licenseTokenDocument = defineDocument({
  typ: 'license-token+jwt',
  schema: LicenseToken,
  maxBytes: 4096,
});

/**
 * The end of a license after its renewals: each gives max(at, old end) + its validity. Source: contract, row
 * "Renewal".
 */
export function expireTimeOf(
  activationTime: EpochSeconds,
  validity: Validity,
  renewals: readonly { at: EpochSeconds; validity: Validity }[],
): EpochSeconds {
  return renewals.reduce(
    (expireTime, renewal) => addValidity(Math.max(renewal.at, expireTime), renewal.validity),
    addValidity(activationTime, validity),
  );
}

/** Minutes that a license may use in all: those of the SKU again for each renewal; 0 is unlimited. */
export function allowedMinutes({ minutes }: Sku, renewals: number): number {
  return minutes * (1 + renewals);
}

/**
 * Holds a token against the vendor's own lines: the customer owns the server, so a token may not say more than
 * was sold. Source: protocol, Trust, "vendor-signed terms".
 *
 * @param terms the lines that came with the answer, each already verified under the vendor root
 * @throws `terms_missing`, `terms_violated`
 */
export function checkAgainstTerms(token: LicenseToken, terms: readonly Terms[]): PurchaseTerms {
  const purchase = termsLine(terms, token.termsId, 'purchase');
  sameLine(token, purchase);
  demand(token.category === purchase.category, {
    en: 'category is not what was bought',
    zh: '类别与所购不符',
  });
  const { product, mediaType, minutes, period, zone } = purchase.sku;
  demand(
    token.sku.product === product &&
      token.sku.mediaType === mediaType &&
      token.sku.minutes === minutes &&
      token.sku.period === period &&
      token.sku.zone === zone,
    { en: 'SKU is not what was bought', zh: 'SKU 与所购不符' },
  );

  let previous = token.activationTime;
  const renewals = token.renewals.map(({ termsId, at }) => {
    const { validity, count } = sameLine(token, termsLine(terms, termsId, 'renewal'));
    const uses = token.renewals.filter((renewal) => renewal.termsId === termsId).length;
    demand(uses <= count, {
      en: 'a renewal line is used more often than it was sold',
      zh: '续期条款的使用次数超过出售数量',
    });
    demand(previous <= at && at <= token.iat, {
      en: 'a renewal lies outside the time between activation and now',
      zh: '续期时间不在激活与当前时间之间',
    });
    previous = at;
    return { at, validity };
  });
  demand(token.activationTime <= token.iat, {
    en: 'activationTime lies after the server time',
    zh: 'activationTime 晚于服务器时间',
  });
  demand(token.expireTime === expireTimeOf(token.activationTime, purchase.validity, renewals), {
    en: 'expireTime does not follow from activation, validity and renewals',
    zh: 'expireTime 与激活时间、有效期及续期不符',
  });
  demand(token.minutes.allowed === allowedMinutes(purchase.sku, renewals.length), {
    en: 'allowed minutes are not what was bought',
    zh: '可用分钟数与所购不符',
  });

  const limits = tokenLimits(purchase);
  demand(token.exp <= Math.min(token.iat + limits.tokenLifeSeconds, token.expireTime), {
    en: 'exp exceeds the token life',
    zh: 'exp 超出令牌有效期',
  });
  demand(token.graceSeconds <= limits.graceSeconds, { en: 'grace exceeds the terms', zh: '宽限期超出条款' });
  demand(token.expiryGraceSeconds <= limits.expiryGraceSeconds, {
    en: 'expiry grace exceeds the terms',
    zh: '到期宽限期超出条款',
  });
  return purchase;
}

function termsLine(terms: readonly Terms[], termsId: string, kind: 'purchase'): PurchaseTerms;
function termsLine(terms: readonly Terms[], termsId: string, kind: 'renewal'): RenewalTerms;
function termsLine(terms: readonly Terms[], termsId: string, kind: Terms['kind']): Terms {
  const line = terms.find((candidate) => candidate.termsId === termsId && candidate.kind === kind);
  if (line === undefined) throw new LicenseError('terms_missing', { termsId });
  return line;
}

function sameLine<T extends Terms>({ cid, pid, appId }: LicenseToken, line: T): T {
  const { en, zh } = { purchase: { en: 'purchase', zh: '购买' }, renewal: { en: 'renewal', zh: '续期' } }[
    line.kind
  ];
  demand(line.cid === cid, { en: `${en} line is of another company`, zh: `${zh}条款属于其他企业` });
  demand(line.pid === pid, { en: `${en} line is of another PID`, zh: `${zh}条款属于其他 PID` });
  demand(line.appId === undefined || line.appId === appId, {
    en: `${en} line is for another App`,
    zh: `${zh}条款属于其他 App`,
  });
  return line;
}

function demand(condition: boolean, problem: Bilingual): asserts condition {
  if (!condition) throw new LicenseError('terms_violated', { problem });
}
