import { parse, TomlError } from 'smol-toml';
import type * as Type from 'typebox';
import { type Bilingual, LicenseError } from '../errors.ts';
import { shapeProblem } from '../shapes.ts';
import { readTextFile } from './files.ts';

/** A flat configuration: each property has a `description` (with its unit) and, unless required, a `default`. */
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
  const fromFile = file === undefined ? {} : readToml(file);
  for (const key of Object.keys(fromFile)) {
    if (!Object.hasOwn(schema.properties, key)) {
      const known = Object.keys(schema.properties);
      const hint = { en: `; known keys: ${known.join(', ')}`, zh: `；可用的配置项：${known.join('、')}` };
      throw new LicenseError('config_unknown_key', { file: file ?? '', key, hint });
    }
  }

  const values: Record<string, unknown> = {};
  for (const [key, property] of Object.entries(schema.properties)) {
    const variable = envPrefix + environmentName(key);
    const text = env[variable];
    const value = text === undefined ? (fromFile[key] ?? defaultOf(property)) : fromText(property, text);
    if (value === undefined) continue;
    const problem = shapeProblem(property, value);
    if (problem !== undefined) {
      throw text === undefined
        ? invalid(file ?? DEFAULTS, key, problem)
        : invalid(ENVIRONMENT, variable, problem);
    }
    values[key] = value;
  }
  const missing = schema.required?.find((key) => !Object.hasOwn(values, key));
  if (missing !== undefined) throw invalid(file ?? ENVIRONMENT, missing, { en: 'is missing', zh: '缺失' });
  return values as Type.Static<S>;
}

const DEFAULTS: Bilingual = { en: 'defaults', zh: '默认值' };
const ENVIRONMENT: Bilingual = { en: 'environment', zh: '环境变量' };

function invalid(file: string | Bilingual, key: string, problem: Bilingual): LicenseError {
  return new LicenseError('config_invalid', { file, key, problem });
}

/** `stateDir` → `STATE_DIR`. */
export function environmentName(key: string): string {
  return key.replace(/[A-Z]/g, (capital) => `_${capital}`).toUpperCase();
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

/** An environment variable's text as the type of its key: numbers, booleans, comma-separated lists, else text. */
function fromText(property: Type.TSchema, text: string): unknown {
  switch ('type' in property ? property.type : undefined) {
    case 'integer':
    case 'number':
      return text.trim() === '' ? text : Number(text);
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text;
    case 'array':
      return text === '' ? [] : text.split(',').map((item) => item.trim());
    default:
      return text;
  }
}
