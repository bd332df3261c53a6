package policies

import (
	"fmt"
	"slices"
	"strings"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/glob"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
)

// TableEncryption asks which key encrypts a table. It never says that a table is not encrypted: DynamoDB always
// encrypts, and scanners that claimed otherwise were told so by their users (checkov#1473, kics#7071).
var TableEncryption = &policy.Policy{
	Name:  "table-encryption",
	Title: "Tables and their replicas are encrypted with a key that can be audited",
	Doc: "Reports a table, an entry of its replicas and a TableReplica whose key is below the configured minimum: the " +
		"AWS-owned key (what is used where nothing is said), the AWS-managed key alias/aws/dynamodb (enabled without " +
		"a key of one's own), or a customer managed key. With an allow-list, reports a customer managed key that is " +
		"not on it. A replica without a key of its own has the kind of key its table has.",
	Remediation: "Set serverSideEncryption.enabled to true, and kmsKeyArn to a customer managed key where one is asked for.",
	URL:         "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.howitworks.html",
	Severity:    policy.High,
	Level:       policy.Mandatory,
	Criteria:    []soc2.ID{"C1.1", "CC6.1"},
	Config:      EncryptionConfig{MinimumKey: minimumManaged},
	Reads: map[string][]string{
		facts.Table: {
			"serverSideEncryption", "serverSideEncryption.enabled", "serverSideEncryption.kmsKeyArn",
			"replicas", "replicas[].kmsKeyArn", "replicas[].regionName",
		},
		facts.TableReplica: {"kmsKeyArn", "globalTableArn"},
	},
	CheckResource: checkEncryption,
}

// EncryptionConfig are the settings of TableEncryption.
type EncryptionConfig struct {
	MinimumKey  string   `json:"minimumKey" oneof:"aws-managed customer" doc:"The least key a table may be encrypted with."`
	AllowedKeys []string `json:"allowedKeys" doc:"The ARNs of the customer managed keys that may be used, with * and ? as wildcards; any, where the list is empty."`
}

// The values of minimumKey.
const (
	minimumManaged  = "aws-managed"
	minimumCustomer = "customer"
)

// keyKind is the kind of a key, from the least to the most control over it.
type keyKind int

const (
	awsOwned keyKind = iota
	awsManaged
	customerManaged
)

func (k keyKind) String() string {
	return [...]string{
		"the AWS-owned key, which nobody can audit or revoke",
		"the AWS-managed key alias/aws/dynamodb, whose policy nobody can change",
		"a customer managed key",
	}[k]
}

// What to write instead, by the minimum that is asked for.
var (
	tableKeyRemedy = map[string]string{
		minimumManaged:  "set serverSideEncryption.enabled to true",
		minimumCustomer: "set serverSideEncryption.enabled to true and serverSideEncryption.kmsKeyArn to a customer managed key",
	}
	replicaKeyRemedy = map[string]string{
		minimumManaged:  "set serverSideEncryption.enabled of its table to true",
		minimumCustomer: "set kmsKeyArn to a customer managed key of its region",
	}
)

func checkEncryption(p *policy.Pass) {
	if p.Resource.Type == facts.TableReplica {
		checkReplicaKey(p, p.Property("kmsKeyArn"), "the replica", func() (keyKind, bool) { return declaredTableKey(p) })
		return
	}
	kind, decidedBy, known := tableKey(p.Property("serverSideEncryption"))
	if known {
		checkKey(p, kind, decidedBy, "the table", tableKeyRemedy)
	}
	replicas, _ := p.Property("replicas").Elements()
	for _, r := range replicas {
		checkReplicaKey(p, r.Get("kmsKeyArn"), replicaIn(r), func() (keyKind, bool) { return kind, known })
	}
}

// checkReplicaKey judges the key of a replica. One that names none follows its table, since the type of server-side
// encryption is the same in all replicas; but a customer managed key is of one region, so DynamoDB wants it named
// (terraform-provider-aws#17422).
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html
func checkReplicaKey(p *policy.Pass, key resource.Property, which string, ofTable func() (kind keyKind, known bool)) {
	if !key.Value.Empty() {
		if kind, known := keyKindOf(key); known {
			checkKey(p, kind, key, which, replicaKeyRemedy)
		}
		return
	}
	if minimum := policy.Settings[EncryptionConfig](p).MinimumKey; minimum == minimumCustomer {
		p.Report(fmt.Sprintf("%s: %s names no customer managed key", stateOf(key), which), replicaKeyRemedy[minimum])
		return
	}
	if kind, known := ofTable(); known {
		checkKey(p, min(kind, awsManaged), key, which, replicaKeyRemedy)
	}
}

// declaredTableKey works out the kind of key of the table that a TableReplica is of, where the stack declares it.
func declaredTableKey(p *policy.Pass) (kind keyKind, known bool) {
	identity, ok := p.Facts.ReplicatedTable(&p.Log)
	if !ok {
		return 0, false
	}
	table := p.Seen.Table(identity)
	if table == nil {
		p.NotApplicable("the replica has the kind of key its table has, which the stack has not declared before it")
		return 0, false
	}
	var log resource.Log
	kind, _, known = tableKey(table.Property("serverSideEncryption", &log))
	if !known {
		p.Log.NoteUnknown("kmsKeyArn")
	}
	return kind, known
}

// tableKey works out the kind of key from the block serverSideEncryption, which property decided, and whether it is
// known.
func tableKey(sse resource.Property) (kind keyKind, decidedBy resource.Property, known bool) {
	enabled := sse.Get("enabled")
	on, ok := enabled.Bool()
	if !on {
		if sse.Unset() {
			enabled = sse
		}
		return awsOwned, enabled, ok
	}
	key := sse.Get("kmsKeyArn")
	kind, known = keyKindOf(key)
	return kind, key, known
}

// keyKindOf works out the kind of key from a key ARN, and whether it is known. One that is not known yet is of a key that
// the program makes or looks up, so a customer managed one.
func keyKindOf(key resource.Property) (kind keyKind, known bool) {
	if key.Value.Kind() == resource.Unknown {
		return customerManaged, true
	}
	text, ok := key.Text()
	if text == "" || strings.HasSuffix(":"+text, ":alias/aws/dynamodb") {
		return awsManaged, ok
	}
	return customerManaged, ok
}

// checkKey judges the key of one copy of a table: its kind, then whether it is allowed.
func checkKey(p *policy.Pass, kind keyKind, decidedBy resource.Property, which string, remedy map[string]string) {
	config := policy.Settings[EncryptionConfig](p)
	minimum := awsManaged
	if config.MinimumKey == minimumCustomer {
		minimum = customerManaged
	}
	if kind < minimum {
		p.Report(fmt.Sprintf("%s: %s is encrypted with %v", stateOf(decidedBy), which, kind), remedy[config.MinimumKey])
		return
	}
	if kind != customerManaged || len(config.AllowedKeys) == 0 {
		return // a key that is not known yet is of interest only to an allow-list
	}
	key, ok := decidedBy.Text()
	allowed := func(pattern string) bool { return glob.Match(pattern, key) }
	if ok && !slices.ContainsFunc(config.AllowedKeys, allowed) {
		p.Report(fmt.Sprintf("%s %v is not one of the keys that %s may be encrypted with", decidedBy.Path, decidedBy.Value, which),
			"use one that matches "+policy.List(config.AllowedKeys, " or "))
	}
}
