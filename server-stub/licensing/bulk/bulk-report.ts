import type { Kysely } from 'kysely';
import { type Bilingual, type ErrorCode, type ErrorDetail, type Language, messageOf } from '#core/errors.ts';
import { BYTE_ORDER_MARK, csvRow } from '../../csv.ts';
import type { Schema } from '../../store/schema.ts';
import type { BulkItem } from './bulk-change.ts';

/** Rows read at once. */
const PIECE = 1000;

/** Why a license was not changed, in words; '' where it was, or may be. */
export function problemText({ problem }: Pick<BulkItem, 'problem'>, language: Language): string {
  if (problem === null) return '';
  const { code, detail } = JSON.parse(problem) as { code: ErrorCode; detail: ErrorDetail };
  return messageOf({ code, detail }, language);
}

/** The first of those that are refused or failed. */
export function troubledItems(db: Kysely<Schema>, bulkId: string, limit: number): Promise<BulkItem[]> {
  return db
    .selectFrom('bulk_item')
    .selectAll()
    .where('bulk_id', '=', bulkId)
    .where('outcome', 'in', ['refused', 'failed'])
    .orderBy('position')
    .limit(limit)
    .execute();
}

/** What became of each license, as CSV; between two pieces others have their turn. */
export async function* bulkReport(
  db: Kysely<Schema>,
  bulkId: string,
  language: Language,
): AsyncGenerator<string> {
  yield BYTE_ORDER_MARK + csvRow(['license', 'value', 'outcome', 'problem']);
  for (let position = 0; ; ) {
    const items = await db
      .selectFrom('bulk_item')
      .selectAll()
      .where('bulk_id', '=', bulkId)
      .where('position', '>', position)
      .orderBy('position')
      .limit(PIECE)
      .execute();
    yield items
      .map((item) =>
        csvRow([
          item.name,
          item.license ?? '',
          OUTCOMES[item.outcome][language],
          problemText(item, language),
        ]),
      )
      .join('');
    if (items.length < PIECE) return;
    position = items.at(-1)?.position ?? position;
    await new Promise((turn) => setImmediate(turn));
  }
}

const OUTCOMES: Readonly<Record<BulkItem['outcome'], Bilingual>> = {
  fits: { en: 'not done', zh: '未执行' },
  same: { en: 'was so already', zh: '无需更改' },
  refused: { en: 'refused', zh: '不可执行' },
  changed: { en: 'changed', zh: '已更改' },
  failed: { en: 'failed', zh: '失败' },
};
