import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { TSchema } from 'typebox';
import { AgentConfig } from '../agent/config.ts';
import { DEFAULT_CONFIG_FILE } from '../agent/options.ts';
import { type ErrorEntry, errorTable } from '../core/error-table.ts';
import type { Language } from '../core/errors.ts';
import { environmentName, tablesOf } from '../core/host/config.ts';
import { CONFIG_FILE, serverConfigSchema } from '../server-stub/config.ts';
import { alertChannelKeysZh } from './alert-channel-keys.ts';
import { agentKeysZh, CONFIG_WORDS, ERROR_WORDS, serverKeysZh } from './docs-texts.ts';
import { oidcRoleKeysZh } from './oidc-keys.ts';

const ROOT = join(import.meta.dirname, '..');

function errorsPage(language: Language): string {
  const words = ERROR_WORDS[language];
  const sections = words.sections.map(([exit, title, about]) => {
    const entries = Object.entries<ErrorEntry>(errorTable).filter(([, entry]) => entry.exit === exit);
    const rows = entries.map(([code, entry]) => [
      `\`${code}\``,
      String(entry.http),
      entry.retryable ? words.yes : words.no,
      language === 'zh' ? entry.zh : entry.en,
      language === 'zh' ? entry.zhRemedy : entry.enRemedy,
    ]);
    return `## ${title}\n\n${about}\n\n${table(words.head, rows)}`;
  });
  return `${words.top}\n\n${sections.join('\n\n')}\n`;
}

function configurationPage(language: Language): string {
  const words = CONFIG_WORDS[language];
  return `${words.top}

## ${words.agent}

${words.fileOf(DEFAULT_CONFIG_FILE, 'LICENSE_AGENT_')}

${keysTable(AgentConfig.properties, 'LICENSE_AGENT_', agentKeysZh, language)}

## ${words.server}

${words.fileOf(CONFIG_FILE, 'LICENSE_SERVER_')}

${keysTable(serverConfigSchema.properties, 'LICENSE_SERVER_', serverKeysZh, language)}

### \`[[alertChannels]]\`

${itemsTable(serverConfigSchema.properties.alertChannels, alertChannelKeysZh, language)}

### \`[[oidcRoles]]\`

${itemsTable(serverConfigSchema.properties.oidcRoles, oidcRoleKeysZh, language)}

## ${words.vendor}

${words.vendorText}
`;
}

/** What a property of a configuration schema says of itself. */
interface Property {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: { readonly type?: string };
  readonly maxItems?: number;
  readonly default?: unknown;
  readonly description?: string;
}

function keysTable(
  properties: Readonly<Record<string, TSchema>>,
  envPrefix: string,
  zhTexts: Readonly<Record<string, string>>,
  language: Language,
): string {
  const rows = Object.entries(properties).map(([key, schema]) => {
    const property = schema as Property;
    const text = language === 'zh' ? zhTexts[key] : property.description;
    if (text === undefined) throw new Error(`${envPrefix}${key} has no text in ${language}`);
    return [
      `\`${key}\``,
      typeOf(property, language),
      unitOf(key, language),
      property.default === undefined ? '–' : `\`${JSON.stringify(property.default)}\``,
      `\`${envPrefix}${environmentName(key)}\``,
      text,
    ];
  });
  return table(CONFIG_WORDS[language].head, rows);
}

/** The keys of each table in a list of tables. */
function itemsTable(list: TSchema, zhTexts: Readonly<Record<string, string>>, language: Language): string {
  const words = CONFIG_WORDS[language];
  const items = tablesOf(list);
  if (items === undefined) throw new Error('not a list of tables');
  const rows = Object.entries(items.properties).map(([key, schema]) => {
    const property = schema as Property;
    const text = language === 'zh' ? zhTexts[key] : property.description;
    if (text === undefined) throw new Error(`${key} has no text in ${language}`);
    const optional = items.required?.includes(key) ? words.required : '–';
    return [
      `\`${key}\``,
      typeOf(property, language),
      property.default === undefined ? optional : `\`${JSON.stringify(property.default)}\``,
      text,
    ];
  });
  return table(words.tableHead, rows);
}

function typeOf(
  { type, enum: values, minimum, maximum, items, maxItems }: Property,
  language: Language,
): string {
  const words = CONFIG_WORDS[language].types;
  if (values !== undefined) return words.oneOf(values.map((value) => `\`${value}\``).join(' '));
  if (type === 'integer') {
    const range = maximum === undefined ? `≥ ${minimum}` : `${minimum}–${maximum}`;
    return `${words.integer} ${range}`;
  }
  if (type === 'array') return items?.type === 'object' ? words.tables(maxItems) : words.list(maxItems);
  return type === 'boolean' ? words.boolean : words.text;
}

/** Units stand in the names of the keys. */
function unitOf(key: string, language: Language): string {
  if (key.endsWith('PerSecond')) return language === 'zh' ? '次/秒' : 'calls/s';
  if (key.endsWith('Seconds')) return language === 'zh' ? '秒' : 'seconds';
  if (key.endsWith('Days')) return language === 'zh' ? '天' : 'days';
  if (key.endsWith('Percent')) return '%';
  if (key.endsWith('MiB')) return 'MiB';
  return '–';
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('<', '&lt;')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const documented = ERROR_WORDS.en.sections.map(([exit]) => exit);
for (const [code, { exit }] of Object.entries<ErrorEntry>(errorTable)) {
  if (!documented.includes(exit)) throw new Error(`${code}: no section for exit code ${exit}`);
}

/** The pages that say what the code says: made from it, never by hand. */
const pages: Readonly<Record<string, string>> = {
  'docs/errors.md': errorsPage('en'),
  'docs/errors.zh.md': errorsPage('zh'),
  'docs/configuration.md': configurationPage('en'),
  'docs/configuration.zh.md': configurationPage('zh'),
};

const { values: options } = parseArgs({ options: { check: { type: 'boolean' } } });
for (const [page, text] of Object.entries(pages)) {
  const file = join(ROOT, page);
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
  if (options.check) {
    console.error(`${page} is not what the code says: npm run docs`);
    process.exitCode = 1;
  } else {
    writeFileSync(file, text);
    console.log(page);
  }
}
