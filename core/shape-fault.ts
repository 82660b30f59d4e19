import type { Bilingual } from './errors.ts';

/** What a validator found: a keyword of JSON Schema that a value does not meet. */
export interface ShapeFault {
  readonly keyword: string;
  /** Where in the value, as a JSON pointer. */
  readonly instancePath: string;
  readonly params: object;
}

/**
 * The first of a validator's faults, in words. TypeBox has Chinese texts too, but together with those of forty other
 * languages, which a bundle cannot leave out; ours also say of a pattern and a choice what is expected.
 */
export function describeFaults(faults: readonly ShapeFault[]): Bilingual {
  const [first] = faults;
  if (first === undefined) return UNKNOWN;
  // Of a choice of constants each is reported by itself.
  const constants = faults.filter(
    ({ keyword, instancePath }) => keyword === 'const' && instancePath === first.instancePath,
  );
  const values =
    first.keyword === 'const' ? constants.map(({ params }) => paramsOf(params).allowedValue) : undefined;
  if (values !== undefined) return oneOf(values);
  // And of a choice of types.
  const types = faults.filter(
    ({ keyword, instancePath }) => keyword === 'type' && instancePath === first.instancePath,
  );
  return first.keyword === 'type'
    ? typeProblem(types.flatMap(({ params }) => paramsOf(params).type ?? []))
    : describe(first);
}

/** The parameters of all keywords that our shapes use. */
interface Params {
  readonly allowedValue?: unknown;
  readonly allowedValues?: readonly unknown[];
  readonly limit?: number;
  readonly pattern?: string;
  readonly requiredProperties?: readonly string[];
  readonly type?: string | readonly string[];
}

const paramsOf = (params: object): Params => params;

const UNKNOWN: Bilingual = { en: 'has the wrong shape', zh: '结构不正确' };

function describe({ keyword, params }: ShapeFault): Bilingual {
  const { allowedValues = [], limit, pattern = '', requiredProperties = [], type = '' } = paramsOf(params);
  switch (keyword) {
    case 'type':
      return typeProblem([type].flat());
    case 'required':
      return {
        en: `lacks ${requiredProperties.join(', ')}`,
        zh: `缺少 ${requiredProperties.join('、')}`,
      };
    case 'enum':
      return oneOf(allowedValues);
    case 'pattern':
      return patternProblem(pattern);
    case 'minLength':
      return { en: `must have at least ${counted(limit, 'character')}`, zh: `不得少于 ${limit} 个字符` };
    case 'maxLength':
      return { en: `must have at most ${counted(limit, 'character')}`, zh: `不得多于 ${limit} 个字符` };
    case 'minItems':
      return { en: `must have at least ${counted(limit, 'item')}`, zh: `不得少于 ${limit} 项` };
    case 'maxItems':
      return { en: `must have at most ${counted(limit, 'item')}`, zh: `不得多于 ${limit} 项` };
    case 'minimum':
      return { en: `must be at least ${limit}`, zh: `不得小于 ${limit}` };
    case 'maximum':
      return { en: `must be at most ${limit}`, zh: `不得大于 ${limit}` };
    // A member that no schema allows is reported as one that may have no value.
    case 'boolean':
    case 'additionalProperties':
      return { en: 'is not known here', zh: '不应出现' };
    case '~refine':
      return { en: 'has a value that is not allowed', zh: '取值不允许' };
    default:
      return UNKNOWN;
  }
}

const counted = (count: number | undefined, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;

function oneOf(values: readonly unknown[]): Bilingual {
  const texts = values.map((value) => JSON.stringify(value));
  return texts.length === 1
    ? { en: `must be ${texts[0]}`, zh: `必须为 ${texts[0]}` }
    : { en: `must be one of ${texts.join(', ')}`, zh: `必须为 ${texts.join('、')} 之一` };
}

const TYPES: Readonly<Record<string, Bilingual>> = {
  string: { en: 'text', zh: '文本' },
  integer: { en: 'a whole number', zh: '整数' },
  number: { en: 'a number', zh: '数字' },
  boolean: { en: 'true or false', zh: '布尔值（true 或 false）' },
  array: { en: 'a list', zh: '列表' },
  object: { en: 'an object', zh: '对象' },
  null: { en: 'null', zh: '空值（null）' },
};

function typeProblem(types: readonly string[]): Bilingual {
  const names = types.map((type) => TYPES[type] ?? { en: type, zh: type });
  return {
    en: `must be ${names.map(({ en }) => en).join(' or ')}`,
    zh: `必须为${names.map(({ zh }) => zh).join('或')}`,
  };
}

/**
 * Most patterns are a set of characters and how many of them, a choice of words, or how a URL begins; the others are
 * shown as they are.
 */
function patternProblem(pattern: string): Bilingual {
  const words = /^\^\(([\w-]+(?:\|[\w-]+)*)\)\$$/.exec(pattern)?.[1];
  if (words !== undefined) return oneOf(words.split('|'));
  const [, empty, scheme, more] = /^(\^\$\|)?\^([a-z]+)(\([a-z]+\)|[a-z])\?:\/\/$/.exec(pattern) ?? [];
  if (scheme !== undefined) {
    const longer = `${scheme}${more?.replace(/[()]/g, '')}`;
    return {
      en: `must ${empty === undefined ? '' : 'be empty or '}begin with ${scheme}:// or ${longer}://`,
      zh: `必须${empty === undefined ? '' : '为空，或'}以 ${scheme}:// 或 ${longer}:// 开头`,
    };
  }
  const [, characters, least, most = least] = /^\^\[([^\\[\]]+)\]\{(\d+)(?:,(\d+))?\}\$$/.exec(pattern) ?? [];
  if (characters === undefined || characters.startsWith('^')) {
    return { en: `must match ${pattern}`, zh: `必须符合 ${pattern}` };
  }
  const [en, zh] = least === most ? [least, least] : [`${least} to ${most}`, `${least} 到 ${most}`];
  return { en: `must be ${en} characters of ${characters}`, zh: `必须为 ${zh} 个字符，限 ${characters}` };
}
