import type { ExitCode } from '#core/error-table.ts';
import { answer } from '#core/host/cli.ts';
import { requireNewFile, writeNewFile } from '#core/host/write-new-file.ts';
import { CID } from '#core/notation/common-fields.ts';
import { describeReport } from '#core/notation/describe-report.ts';
import { parseOptional } from '#core/notation/fields.ts';
import { createReport } from '../licensing/report/create-report.ts';
import { vendorRoots } from '../licensing/root-chain.ts';
import { type CommandContext, now, operator, withStore } from './context.ts';

export interface ReportOptions {
  /** Days in the configuration's zone, both inclusive. */
  from: string;
  to: string;
  cid?: string;
  out: string;
}

/** `license-server report`: the signed file for the vendor; the customer reads the same figures. */
export async function report(context: CommandContext, options: ReportOptions): Promise<ExitCode> {
  const { terminal, config } = context;
  const { from: fromDay, to: toDay, out } = options;
  const cid = parseOptional(options.cid, '--cid', CID);
  requireNewFile(out);
  const created = await withStore(context, async (store, { roots, ...issuer }) => {
    const { all } = await vendorRoots(store.reader, roots);
    const wish = { fromDay, toDay, zone: config.zone, cid, actor: operator(context) };
    return createReport(store, issuer, all, wish, now());
  });
  writeNewFile(out, created.document, 0o644);
  const text = describeReport(created.report, terminal.language, terminal);
  answer(terminal, { file: out, ...created.report }, `${text}\n${WORDS[terminal.language].next(out)}`);
  return 0;
}

const WORDS = {
  en: { next: (file: string) => `Send ${file} to the vendor, who verifies it: license-vendor report FILE` },
  zh: { next: (file: string) => `请将 ${file} 发给厂商；厂商以 license-vendor report FILE 核验。` },
};
