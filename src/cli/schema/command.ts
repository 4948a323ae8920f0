import { Command } from 'commander'
import { failure } from '../../errors.ts'

async function run(kind: string | undefined): Promise<void> {
  const [{ jsonSchemaOf, schemaKinds }, { metadataTextSchema }, { describe, describedTypes }] =
    await Promise.all([
      import('../../crds/json-schema.ts'),
      import('../../metadata/editor.ts'),
      import('../../registry.ts'),
    ])
  const known = schemaKinds()
  const wanted = known.find((one) => one.toLowerCase() === kind?.toLowerCase())
  if (kind !== undefined && wanted === undefined)
    throw failure('USAGE', {
      why: `there is no schema of ${kind}; there is one of ${known.join(', ')}`,
    })
  const triggers = new Map<string, object>()
  for (const type of describedTypes)
    triggers.set(type, metadataTextSchema((await describe(type)).fields))
  console.log(JSON.stringify(jsonSchemaOf(wanted, triggers), undefined, 2))
}

/** `ebb schema`: what an editor completes and checks manifests by. */
export const schemaCommand = (): Command =>
  new Command('schema')
    .description(
      'print JSON Schema of the manifests, with the metadata of each trigger type, for editors',
    )
    .argument(
      '[kind]',
      'ScaledObject, ScaledJob, TriggerAuthentication or ClusterTriggerAuthentication; all without',
    )
    .action((kind: string | undefined) => run(kind))
