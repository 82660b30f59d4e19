import { parse, TomlError } from 'smol-toml';
import * as Type from 'typebox';
import { type Bilingual, LicenseError } from '../errors.ts';
import { shapeProblem } from '../shapes.ts';
import { readTextFile } from './files.ts';

/**
 * A flat configuration: each property has a `description` (with its unit) and, unless required, a `default`. A
 * property may be a list of tables (TOML `[[key]]`), whose items are such an object again.
 */
export type ConfigSchema = Type.TObject;

export interface ConfigSource {
  /** TOML file, named by the user; undefined where there is none. */
  file: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
  /** `LICENSE_AGENT_`: the key `stateDir` is overridden by `LICENSE_AGENT_STATE_DIR`. */
  envPrefix: string;
}

/**
 * The configuration: defaults, over them the TOML file, over it the environment.
 *
 * @throws `config_unreadable`, `config_malformed`, `config_unknown_key`, `config_invalid`
 */
export function loadConfig<S extends ConfigSchema>(
  schema: S,
  { file, env, envPrefix }: ConfigSource,
): Type.Static<S> {
  const given: Record<string, unknown> = file === undefined ? {} : readToml(file);
  const origins = new Map<string, Origin>();
  for (const [key, property] of Object.entries(schema.properties)) {
    const variable = envPrefix + environmentName(key);
    const text = env[variable];
    if (text === undefined) continue;
    given[key] = fromText(property, text);
    origins.set(key, { file: ENVIRONMENT, key: variable });
  }
  const values = readTable(schema, given, (key) => {
    const origin = origins.get(key);
    if (origin !== undefined) return origin;
    return { file: file ?? (Object.hasOwn(schema.properties, key) ? DEFAULTS : ''), key };
  });
  return values as Type.Static<S>;
}

/** Where a value comes from, for the message that refuses it. */
interface Origin {
  readonly file: string | Bilingual;
  /** As the reader knows it: `port`, `alertChannels[0].kind`, the name of a variable. */
  readonly key: string;
}

/** The values of a table's keys, defaults included; unknown keys are refused. */
function readTable(
  schema: ConfigSchema,
  given: Readonly<Record<string, unknown>>,
  originOf: (key: string) => Origin,
): Record<string, unknown> {
  for (const key of Object.keys(given)) {
    if (!Object.hasOwn(schema.properties, key)) {
      const known = Object.keys(schema.properties);
      const hint = { en: `; known keys: ${known.join(', ')}`, zh: `；可用的配置项：${known.join('、')}` };
      throw new LicenseError('config_unknown_key', { ...originOf(key), hint });
    }
  }
  const values: Record<string, unknown> = {};
  for (const [key, property] of Object.entries(schema.properties)) {
    const value = Object.hasOwn(given, key) ? given[key] : defaultOf(property);
    if (value !== undefined) values[key] = readValue(property, value, originOf(key));
    else if (schema.required?.includes(key)) throw missing(originOf(key));
  }
  return values;
}

function readValue(property: Type.TSchema, value: unknown, origin: Origin): unknown {
  const items = tablesOf(property);
  if (items !== undefined && Array.isArray(value)) {
    value = value.map((item: unknown, index) => {
      const place = `${origin.key}[${index}]`;
      if (typeof item !== 'object' || item === null || Array.isArray(item))
        throw invalid({ ...origin, key: place }, { en: 'must be a table', zh: '必须为表（table）' });
      return readTable(items, { ...item }, (key) => ({ ...origin, key: `${place}.${key}` }));
    });
  }
  const problem = shapeProblem(property, value);
  if (problem !== undefined) throw invalid(origin, problem);
  return value;
}

/** What each item of a list of tables is; undefined where a property is no such list. */
export function tablesOf(property: Type.TSchema): ConfigSchema | undefined {
  const items = 'items' in property ? (property.items as Type.TSchema) : undefined;
  return items !== undefined && Type.IsObject(items) ? items : undefined;
}

const DEFAULTS: Bilingual = { en: 'defaults', zh: '默认值' };
const ENVIRONMENT: Bilingual = { en: 'environment', zh: '环境变量' };

function invalid({ file, key }: Origin, problem: Bilingual): LicenseError {
  return new LicenseError('config_invalid', { file, key, problem });
}

/** A key that nobody gave could have come from the environment too. */
function missing({ file, key }: Origin): LicenseError {
  return invalid({ file: file === DEFAULTS ? ENVIRONMENT : file, key }, { en: 'is missing', zh: '缺失' });
}

/** `stateDir` → `STATE_DIR`, `uploadMaxMiB` → `UPLOAD_MAX_MIB`: a unit is one word. */
export function environmentName(key: string): string {
  return key.replace(/MiB|[A-Z]/g, (start) => `_${start}`).toUpperCase();
}

function readToml(file: string): Record<string, unknown> {
  let text: string;
  try {
    text = readTextFile(file, 1024 * 1024);
  } catch (cause) {
    if (!(cause instanceof LicenseError)) throw cause;
    throw new LicenseError('config_unreadable', { ...cause.detail, file }, { cause });
  }
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    throw new LicenseError('config_malformed', { file, problem: syntaxProblem(cause) }, { cause });
  }
}

/** The parser explains itself in English alone. */
function syntaxProblem({ message, line, column }: TomlError): Bilingual {
  const [what = ''] = message.split('\n');
  const place = `第 ${line} 行第 ${column} 列`;
  return {
    en: `line ${line}, column ${column}: ${what}`,
    zh: /already defined|redefine/.test(what) ? `${place}重复定义` : `${place}不符合 TOML 语法`,
  };
}

function defaultOf(property: Type.TSchema): unknown {
  return 'default' in property ? property.default : undefined;
}

/** An environment variable's text as the type of its key: numbers, booleans, comma-separated lists, JSON of tables. */
function fromText(property: Type.TSchema, text: string): unknown {
  switch ('type' in property ? property.type : undefined) {
    case 'integer':
    case 'number':
      return text.trim() === '' ? text : Number(text);
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text;
    case 'array':
      if (tablesOf(property) !== undefined) return fromJson(text);
      return text === '' ? [] : text.split(',').map((item) => item.trim());
    default:
      return text;
  }
}

/** What is no JSON stays a text, and is refused as one. */
function fromJson(text: string): unknown {
  try {
    return text === '' ? [] : JSON.parse(text);
  } catch {
    return text;
  }
}
