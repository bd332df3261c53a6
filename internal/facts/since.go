package facts

// AWSProvider is the type of the classic AWS provider's own resource, whose inputs tell account and region.
const AWSProvider = "pulumi:providers:aws"

// versions are the major versions of a provider that have something, zero where nothing older or newer is supported.
type versions struct{ since, until int }

// supported holds what is read and not every supported version of the classic provider has, 6 to 7: by type and pattern, the
// empty pattern for the type itself.
//
// Sources: the Go SDKs of versions 6.83.4 and 7.40.0, to which a test holds it;
// https://www.pulumi.com/registry/packages/aws/how-to-guides/7-0-migration/
var supported = map[string]map[string]versions{
	Table:        {"region": {since: 7}, "replicas[].deletionProtectionEnabled": {since: 7}, "restoreBackupArn": {since: 7}},
	TableReplica: {"region": {since: 7}},
	AWSProvider: {
		"assumeRole": {until: 6}, "assumeRole.roleArn": {until: 6},
		"assumeRoles": {since: 7}, "assumeRoles[].roleArn": {since: 7},
	},
	TableIndex:             {"": {since: 7}},
	BackupSelection:        {"region": {since: 7}},
	Trail:                  {"region": {since: 7}},
	EventDataStore:         {"region": {since: 7}},
	SSOAttachments:         {"": {since: 7}},
	SSOCustomerAttachments: {"": {since: 7}},
}

// Since returns the major version of the classic provider that a property of a type came with, given by its pattern
// (assumeRoles[].roleArn), 0 where it is as old as the oldest version that is supported.
func Since(typ, pattern string) int {
	return max(supported[typ][""].since, supported[typ][pattern].since)
}

// Until returns the last major version of the classic provider that has a property, 0 where the newest has it.
func Until(typ, pattern string) int { return supported[typ][pattern].until }
