import { parse, TomlError } from 'smol-toml';
import type * as Type from 'typebox';
import { LicenseError } from '../errors.ts';
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
      const hint = `; known keys: ${Object.keys(schema.properties).join(', ')}`;
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
      const source = text === undefined ? (file ?? 'defaults') : 'environment';
      throw new LicenseError('config_invalid', {
        file: source,
        key: text === undefined ? key : variable,
        problem: problem.replace(/^\/: /, ''),
      });
    }
    values[key] = value;
  }
  const missing = shapeProblem(schema, values);
  if (missing !== undefined)
    throw new LicenseError('config_invalid', { file: file ?? 'environment', key: '', problem: missing });
  return values as Type.Static<S>;
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
    const problem = cause instanceof LicenseError ? String(cause.detail['problem']) : String(cause);
    throw new LicenseError('config_unreadable', { file, problem }, { cause });
  }
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const [what = ''] = cause.message.split('\n');
    throw new LicenseError(
      'config_malformed',
      { file, problem: `line ${cause.line}, column ${cause.column}: ${what}` },
      { cause },
    );
  }
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
