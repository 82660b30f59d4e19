import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import type { FastifySchemaCompiler } from 'fastify';
import type * as Type from 'typebox';
import { Compile } from 'typebox/compile';

/**
 * Validates requests by their TypeBox schemas. A schema of texts alone needs no conversion of what a query string
 * brings, which is most of a validator's work; the others are left to the type provider's compiler.
 */
export const validatorCompiler: FastifySchemaCompiler<Type.TSchema> = (route) => {
  const { schema } = route;
  const properties =
    'properties' in schema ? Object.values(schema.properties as Type.TProperties) : undefined;
  if (!properties?.every((property) => 'type' in property && property.type === 'string')) {
    return TypeBoxValidatorCompiler(route);
  }
  const validator = Compile(schema);
  const whole = TypeBoxValidatorCompiler(route);
  return (value) => (validator.Check(value) ? { value } : whole(value));
};
