import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import type { FastifySchemaCompiler } from 'fastify';
import type * as Type from 'typebox';
import { Compile } from 'typebox/compile';

/**
 * Validates requests by their TypeBox schemas. What a query string brings is text; numbers and truth values are made
 * of it only where it spells one exactly: the type provider's own compiler would take "1.5", "0x1" and "" for whole
 * numbers too.
 */
export const validatorCompiler: FastifySchemaCompiler<Type.TSchema> = (route) => {
  const { schema, httpPart } = route;
  if (httpPart !== 'querystring' || !('properties' in schema)) return TypeBoxValidatorCompiler(route);
  const validator = Compile(schema);
  const conversions = Object.entries(schema.properties as Type.TProperties).flatMap(([name, property]) => {
    const convert = 'type' in property ? CONVERSIONS[String(property.type)] : undefined;
    return convert === undefined ? [] : [[name, convert] as const];
  });
  return (given: Record<string, unknown>) => {
    const value = conversions.length === 0 ? given : { ...given };
    for (const [name, convert] of conversions)
      if (typeof value[name] === 'string') value[name] = convert(value[name]);
    return validator.Check(value) ? { value } : { error: validator.Errors(value) };
  };
};

const CONVERSIONS: Readonly<Record<string, (text: string) => unknown>> = {
  integer: (text) => (/^-?[0-9]{1,15}$/.test(text) ? Number(text) : text),
  boolean: (text) => (text === 'true' ? true : text === 'false' ? false : text),
};
