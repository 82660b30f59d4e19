import { createHash } from 'node:crypto';
import type { Command } from 'commander';
import { type UsageReport, verifyUsageReport } from '#core/documents/usage-report.ts';
import { parseVendorRoots } from '#core/documents/vendor-roots.ts';
import { answer, usageError } from '#core/host/cli.ts';
import { readTextFile } from '#core/host/files.ts';
import type { VerificationKey } from '#core/keys.ts';
import { describeReport } from '#core/notation/describe-report.ts';
import { reportCsv } from '#core/notation/report-csv.ts';
import { checkSold } from '../check-sold.ts';
import { compareReports } from '../compare-reports.ts';
import type { VendorContext } from '../context.ts';
import { holdLedger } from '../hold-ledger.ts';
import type { ReportEntry } from '../ledger-entry.ts';
import type { VendorFolder } from '../vendor-folder.ts';
import { openFolder } from './open-folder.ts';
import { readDocument } from './read-document.ts';

const texts = {
  en: {
    description: "verify a customer's usage report and show it, as a table or CSV",
    file: 'the file made by license-server report',
    dir: "the vendor's folder: its root, what was sold, reports seen before; this one is added to them",
    roots: 'a vendor-roots.json; the report is verified against it alone',
    previous: 'the report of the period before: this one must continue it',
    csv: 'as CSV for a spreadsheet, UTF-8',
    verified: 'verified: root, issuer certificates, server key and sums',
    sold: '; as sold',
    continues: (reportId: string) => `; continues report ${reportId}`,
  },
  zh: {
    description: '核验客户的用量报告，并以表格或 CSV 显示',
    file: 'license-server report 生成的文件',
    dir: '厂商目录：根密钥、销售记录与此前的报告；本报告将记入账本',
    roots: 'vendor-roots.json 文件，仅以其核验',
    previous: '上一统计期的报告；本报告须与之衔接',
    csv: '输出 CSV（UTF-8），供电子表格使用',
    verified: '已核验：根密钥、签发证书、服务器密钥与各项合计',
    sold: '；与销售记录一致',
    continues: (reportId: string) => `；与报告 ${reportId} 衔接`,
  },
};

interface ReportOptions {
  dir?: string;
  roots?: string;
  previous?: string;
  csv?: boolean;
}

/** `license-vendor report` */
export function report(program: Command, context: VendorContext): void {
  const { terminal } = context;
  const text = texts[terminal.language];
  program
    .command('report')
    .description(text.description)
    .argument('<FILE>', text.file)
    .option('--dir <FOLDER>', text.dir)
    .option('--roots <FILE>', text.roots)
    .option('--previous <FILE>', text.previous)
    .option('--csv', text.csv)
    .action(async (file: string, options: ReportOptions) => {
      const { roots, folder } = trustOf(options, context);
      const document = readDocument(file);
      const claims = await verifyUsageReport(document, roots);
      const previous =
        options.previous === undefined
          ? undefined
          : await verifyUsageReport(readDocument(options.previous), roots);
      if (previous !== undefined) compareReports(previous, claims);
      if (folder !== undefined) {
        checkSold(claims, folder.ledger.entries);
        remember(folder, claims, document, context.clock.now());
      }

      const sold = folder === undefined ? '' : text.sold;
      const continues = previous === undefined ? '' : text.continues(previous.reportId);
      if (!terminal.json) terminal.err(`${text.verified}${sold}${continues}\n`);
      // Its line ends and byte order mark are part of it: not for `answer`, which writes for people.
      if (options.csv && !terminal.json) terminal.out(reportCsv(claims, terminal.language));
      else answer(terminal, claims, describeReport(claims, terminal.language, terminal));
    });
}

function trustOf(
  { dir, roots }: ReportOptions,
  context: VendorContext,
): { roots: readonly VerificationKey[]; folder?: VendorFolder } {
  if (dir !== undefined && roots === undefined) {
    const folder = openFolder(dir, context);
    return { roots: folder.roots.all, folder };
  }
  if (roots !== undefined && dir === undefined)
    return { roots: parseVendorRoots(readTextFile(roots), roots).all };
  throw usageError({ en: 'give --dir or --roots, one of them', zh: '请使用 --dir 或 --roots 之一' });
}

/** Notes the report's places, so that a later report of a rewritten trail is seen. The same one is noted once. */
function remember({ ledger }: VendorFolder, claims: UsageReport, document: string, at: number): void {
  const sha256 = createHash('sha256').update(document).digest('hex');
  if (ledger.entries.some((entry) => entry.kind === 'report' && entry.sha256 === sha256)) return;
  const { reportId, iss: serverId, iat, fromDay, toDay, zone } = claims;
  const companies = claims.companies.map(({ cid, trail: { head } }) => ({
    cid,
    seq: head.seq,
    hash: head.hash,
  }));
  const entry: ReportEntry = {
    kind: 'report',
    at,
    reportId,
    serverId,
    iat,
    fromDay,
    toDay,
    zone,
    companies,
    sha256,
  };
  holdLedger(ledger, (append) => append(entry));
}
