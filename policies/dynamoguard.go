package policies

import (
	"dynamoguard/internal/facts"
	"dynamoguard/internal/policy"
)

// DynamoGuard finds nothing itself: it tells the stack what the other policies could not judge or were told not to, and
// carries the settings of the whole pack.
var DynamoGuard = &policy.Policy{
	Name:  policy.PackPolicy,
	Title: "What the pack could not judge, or was told not to, is said",
	Doc: `
		One notice of each kind at the end of the stack: policy documents and other values that are not known before
		something is created, what to do about more than ten findings of one wording, what is out of scope, exemptions that were used, exemptions that have expired, permission boundaries that were
		left out, an account that is configured and another one that the credentials are of, names in the configuration
		that no policy has, tables of other stacks that could not be read, a run that does not say which stack it is of,
		and what is declared and not read. Its properties are the settings of the whole pack. Notices are advisory whatever the
		level; disabled, there are none.`,
	Before: `
name: orders
serverSideEncryption:
  enabled: true`,
	After: `
name: orders
serverSideEncryption:
  enabled: true
pointInTimeRecovery:
  enabled: true`,
	Why: "Silence means passed: what was not judged must not look the same.",
	Silent: [][2]string{
		{"Unprefixed names in the configuration that no policy has", "ESC hands them to every pack, so they may be those of another."},
		{"Exemptions that were not needed", "They changed nothing."},
		{"Values that a provider fills in", "A preview calls them unknown; only what the program wrote is listed."},
	},
	Remediation: "Read the notice; nothing has to be done about it.",
	URL:         "https://www.pulumi.com/docs/insights/policy/",
	Severity:    policy.Low,
	Level:       policy.Advisory,
	NoCriteria:  "it finds nothing itself",
	Config:      policy.DefaultPackSettings(),
	Settings: map[string]string{
		"boundaries": `
			Logical names, or URNs where there is a :: in them, of the managed policies that are permission boundaries, with
			* and ? as wildcards and in any case. A list of your own takes the place of the default. Boundaries grant nothing,
			so the policies on grants leave them out, and one notice names those that bound no principal of the stack. One that
			the stack attaches as a policy as well is judged. Inline, group, user and table policies are no boundaries, whatever
			their names.`,
		"index": `Where the tables of other stacks are read from.`,
		"index.source": `
			Absolute path or https URL of an index that dynamoguard-index made. The stack's own backend is read
			too, if it is a folder (file://) or Pulumi Cloud. none: no tables of other stacks are read, and no notice says so.`,
		"index.sha256": `SHA-256 of that index; another one is not used.`,
		"index.publicKey": `
			The ed25519 key that the index must be signed by, as openssl pkey -pubout writes it between its first line and its
			last.`,
		"index.headerFromEnv": `
			Headers that the index is asked for with: by the name of each, that of the environment variable which holds its
			value.`,
		"index.required": `
			Whether the tables of other stacks must be read: where they could not be, the first table, or grant on tables, of a
			stack violates table-name-collision.`,
		"index.allowUnread": `
			Stacks that need not be read for that, as project/stack or organization/project/stack, with * and ? as wildcards.`,
		"index.maxAgeDays":    `An index that is older is said to be.`,
		"index.budgetSeconds": `How long a run may be kept waiting for the tables of other stacks.`,
		"accounts": `
			The AWS accounts of stacks. The first match counts. The account holds wherever the provider and its credentials
			tell none, as behind the endpoint of a stand-in for AWS. Where they tell another one, tables are compared in both; in
			the configured one a collision is a possible one only, if the provider names the other itself, by a role or by
			allowedAccountIds.`,
		"accounts[].stacks": `
			The stacks, as project/stack or organization/project/stack, with * and ? as wildcards.`,
		"accounts[].account": `The account, 12 digits.`,
		"environments": `
			The environments of stacks. The first match counts; without one it is the word dev, test, qa, uat, sandbox, preview,
			staging or prod in the name of the stack, or what iam-cross-environment-grant takes for one of them. Case and blanks
			do not count, and production is prod here as well.`,
		"environments[].stacks": `
			The stacks, as project/stack or organization/project/stack, with * and ? as wildcards.`,
		"environments[].environment": `The environment, such as prod.`,
		"defaultEnvironment": `
			The environment of stacks that environments does not match and whose names say nothing of one. A name that says two,
			or non-prod, says something that nobody can tell: its stack is of none.`,
	},

	Reads: facts.TemplateReads,

	Notices: notices,
}
