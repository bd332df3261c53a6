// Reads one case per line on standard input and answers each with one line, {"id", "verdict", "detail"?, "ignored"?}:
// what @cloud-copilot/iam-simulate says of it. The form of a case is the type Case of package differential.
import { createInterface } from 'node:readline'
import { once } from 'node:events'
import { runSimulation } from '@cloud-copilot/iam-simulate'

const named = (documents, kind) => documents?.map((policy, i) => ({ name: `${kind}${i}`, policy }))

// What a case that leaves it out means: a user of the account, and a resource of the account its ARN names.
const account = '111122223333'
const user = `arn:aws:iam::${account}:user/alice`

function simulation(c) {
  return {
    request: {
      principal: c.principal ?? user,
      action: c.action,
      resource: { resource: c.resource, accountId: c.accountId ?? (c.resource.split(':')[4] || account) },
      contextVariables: c.context ?? {},
    },
    identityPolicies: named(c.identity ?? [], 'identity'),
    resourcePolicy: c.resourcePolicy,
    permissionBoundaryPolicies: named(c.boundary, 'boundary'),
    serviceControlPolicies: c.scp ?? [],
    resourceControlPolicies: [],
  }
}

async function judge(c) {
  const run = await runSimulation(simulation(c), { simulationMode: 'Strict' })
  switch (run.resultType) {
    case 'single': {
      const ignored = run.result.ignoredContextKeys
      return { verdict: run.overallResult, ...(ignored.length > 0 && { ignored }) }
    }
    case 'error':
      if (run.errors.message === 'policy.errors') {
        return { verdict: 'Invalid', detail: JSON.stringify(run.errors) }
      }
      return { verdict: 'Error', detail: JSON.stringify(run.errors) }
    default:
      return { verdict: 'Error', detail: `a case with the result type ${run.resultType}` }
  }
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const c = JSON.parse(line)
  let answer
  try {
    answer = await judge(c)
  } catch (error) {
    answer = { verdict: 'Error', detail: error.message }
  }
  if (!process.stdout.write(JSON.stringify({ id: c.id, ...answer }) + '\n')) {
    await once(process.stdout, 'drain')
  }
}
