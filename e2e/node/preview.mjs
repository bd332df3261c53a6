// Previews a program of ./programs through the Automation API, and prints what its caller gets to see as one line of JSON.
//
//   node preview.mjs PROGRAM [ARGUMENT...]
//
// The variables POLICY_PACK and POLICY_PACK_CONFIG name a pack to preview with, and its configuration. POLICY_PACK is not
// set where another adds the pack.
import * as automation from "@pulumi/pulumi/automation/index.js";

const [name, ...args] = process.argv.slice(2);
const { default: program } = await import(`./programs/${name}.mjs`);

const stack = await automation.LocalWorkspace.createOrSelectStack(
    { projectName: "shop", stackName: "dev", program: () => program(...args) },
    {
        workDir: process.cwd(),
        projectSettings: { name: "shop", runtime: "nodejs" },
        stackSettings: { dev: { config: { "aws:region": "us-east-1" } } },
    },
);

const { POLICY_PACK: pack, POLICY_PACK_CONFIG: config } = process.env;
const seen = { events: [], output: "", error: "" };
try {
    const result = await stack.preview({
        ...(pack && { policyPacks: [pack], policyPackConfigs: [config] }),
        onEvent: (event) => seen.events.push(event),
        onOutput: (text) => (seen.output += text),
        onError: (text) => (seen.error += text),
    });
    Object.assign(seen, { stdout: result.stdout, stderr: result.stderr, summary: result.changeSummary });
} catch (failure) {
    seen.failure = failure.message;
}
console.log(JSON.stringify(seen));
