package facts

// AWSProvider is the type of the classic AWS provider's own resource, whose inputs tell account and region.
const AWSProvider = "pulumi:providers:aws"

// since holds what is read and came with a later major version of the classic provider than 6. The empty pattern is the
// type itself.
//
// Sources: the Go SDKs of versions 6.83.4 and 7.40.0, which a test reads;
// https://www.pulumi.com/registry/packages/aws/how-to-guides/7-0-migration/
var since = map[string]map[string]int{
	Table:                  {"region": 7},
	TableReplica:           {"region": 7},
	AWSProvider:            {"assumeRoles": 7, "assumeRoles[].roleArn": 7},
	SSOAttachments:         {"": 7},
	SSOCustomerAttachments: {"": 7},
}

// Since returns the major version of the classic provider that a property of a type came with, given by its pattern
// (assumeRoles[].roleArn), 0 where it is as old as the oldest version that is supported.
func Since(typ, pattern string) int { return max(since[typ][""], since[typ][pattern]) }
