package policies

import (
	"fmt"
	"slices"
	"strings"

	"dynamoguard/internal/account"
	"dynamoguard/internal/facts"
	"dynamoguard/internal/glob"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
	"dynamoguard/internal/tables"
	"dynamoguard/internal/text"
)

// TableEncryption asks which key encrypts a table. It never says that a table is not encrypted: DynamoDB always
// encrypts, and scanners that claimed otherwise were told so by their users (checkov#1473, kics#7071).
var TableEncryption = &policy.Policy{
	Name:  "table-encryption",
	Title: "Tables and their replicas are encrypted with a key that can be audited",
	Doc: `
		Reports a table, an entry of its replicas and a TableReplica whose key is below the configured minimum: the
		AWS-owned key (what is used where nothing is said), the AWS-managed key alias/aws/dynamodb (enabled without a
		key of one's own), or a customer managed key. With an allow-list, reports a customer managed key that is not on
		it; and a customer managed key of another region than the table or replica is in. A key of another account is
		reported as well, for whoever may disable it there may take the table away: DynamoDB archives a table that has been
		without its key for seven days. That is advisory, for an organization may keep its keys in an account for them, until
		keyAccounts names those that may have keys; a key that is on the allow-list is meant. A replica without a key of its
		own has the kind of key its table has, a table that is restored without serverSideEncryption the key of its source,
		which is not judged; one that is imported from S3 has the key that it says itself.`,
	Before: `
name: orders`,
	After: `
name: orders
serverSideEncryption:
  enabled: true`,
	Why: "With the key that AWS owns, nobody sees its use in CloudTrail, and nobody can revoke it.",
	Silent: [][2]string{
		{"The AWS-managed key", "It can be audited in CloudTrail; minimumKey asks for a customer managed key."},
		{"A table that is restored without serverSideEncryption", "It has the key of its source, which the stack does not tell."},
		{"A replica without a key of its own", "It has the kind of key its table has, and is judged by that."},
		{"A key on the allow-list, or of an account in keyAccounts", "It is meant, whoever may disable it there."},
		{"A key that is not known yet", "It is one that the program makes or looks up, so a customer managed one."},
	},
	Remediation: "Set serverSideEncryption.enabled to true, and kmsKeyArn to a customer managed key where one is asked for or another account reads the table.",
	URL:         "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.howitworks.html",
	Mends: `
		Has the table encrypted with the AWS-managed key, or, where minimumKey is customer, with the first of remediationKeys that
		is of its region and account, if that is allowed and each entry of replicas names a key. The key of a replica is left
		as it is: to change it is to make the replica anew.`,
	Severity: policy.High,
	Level:    policy.Mandatory,
	Criteria: []soc2.ID{"C1.1", "CC6.1"},
	Config:   EncryptionConfig{MinimumKey: minimumManaged},
	Settings: map[string]string{
		"minimumKey": `The least key a table may be encrypted with.`,
		"allowedKeys": `
			The ARNs of the customer managed keys that may be used, with * and ? as wildcards; any, where the list is
			empty.`,
		"keyAccounts": `
			The other accounts whose customer managed keys may be used, 12 digits each. Where it names some, a key of any other
			account is reported at the policy's level.`,
		"remediationKeys": `
			The ARNs of the customer managed keys that tables are given at level remediate, where minimumKey is customer: one for
			each region and account.`,
	},
	Reads: facts.Reads(facts.CopyReads(facts.Region, facts.Encrypted, facts.EncryptionKey), facts.ReplicatedReads, facts.RestoredReads),

	CheckResource: checkEncryption,
}

// EncryptionConfig are the settings of TableEncryption.
type EncryptionConfig struct {
	MinimumKey      string   `json:"minimumKey" oneof:"aws-owned aws-managed customer"`
	AllowedKeys     []string `json:"allowedKeys" form:"key"`
	KeyAccounts     []string `json:"keyAccounts" form:"account"`
	RemediationKeys []string `json:"remediationKeys" form:"one key"`
}

// The values of minimumKey.
const (
	minimumOwned    = "aws-owned"
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

func checkEncryption(p *policy.Pass) {
	var table *facts.Copy
	restored := ""
	for _, c := range p.Copies() {
		if c.Replica {
			if restored != "" && c.Get(facts.EncryptionKey).Value.Empty() {
				continue // it follows its table
			}
			checkReplicaKey(p, c, table)
			continue
		}
		table = &c
		if restored = ofSource(c, ""); restored != "" {
			p.NotApplicable(restored)
			continue
		}
		if kind, decidedBy, known := keyOf(c); known {
			checkKey(p, kind, decidedBy, c, keyRemedy(p, c), keyEdits(p, c))
		}
	}
}

// ofSource says that the key of a table is that of what it is restored from; it is empty where it is not.
func ofSource(table facts.Copy, whose string) string {
	source, restored := table.RestoredFrom()
	if !restored {
		return ""
	}
	block := resource.Path(table.Named(facts.Encrypted)).Property()
	return fmt.Sprintf("%s%s is set, and a table that is restored without %s has its source's key", source.Path, whose, block)
}

// keyRemedy is what to write instead of the key of a table. With the AWS-managed one, no other account can decrypt what a table's own
// policy lets it read.
//
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/rbac-considerations.html
func keyRemedy(p *policy.Pass, table facts.Copy) string {
	enabled, key := table.Get(facts.Encrypted).Path, table.Get(facts.EncryptionKey).Path
	if policy.Settings[EncryptionConfig](p).MinimumKey == minimumCustomer {
		return fmt.Sprintf("set %s to true and %s to a customer managed key", enabled, key)
	}
	return fmt.Sprintf("set %s to true, and %s to a customer managed key where another account reads the table", enabled, key)
}

// keyEdits have a table encrypted with the least key that is asked for; there are none where that is not known.
func keyEdits(p *policy.Pass, table facts.Copy) []policy.Edit {
	encrypted := policy.Edit{Path: table.Get(facts.Encrypted).Path, Value: resource.BoolValue(true)}
	if policy.Settings[EncryptionConfig](p).MinimumKey != minimumCustomer {
		return []policy.Edit{encrypted}
	}
	key := remediationKey(p)
	if key == "" || table.Path() != "" {
		return nil // or the copy is of a region of its own
	}
	for _, c := range p.Copies() {
		if c.Replica && c.Get(facts.EncryptionKey).Value.Empty() {
			return nil // DynamoDB wants a key of its own for it
		}
	}
	return []policy.Edit{encrypted, {Path: table.Get(facts.EncryptionKey).Path, Value: resource.StringValue(key)}}
}

// remediationKey is the configured key that a table is given, empty where there is none of its region and account. Where the account is
// not known, the only one of its region is meant.
func remediationKey(p *policy.Pass) string {
	config := policy.Settings[EncryptionConfig](p)
	region, account := p.Facts.Region(p.Around()).Known, p.Facts.Account(p.Around()).Known
	var keys []string
	for _, key := range config.RemediationKeys {
		arn := strings.SplitN(key, ":", 6)
		allowed := func(pattern string) bool { return glob.Match(pattern, key) }
		if arn[3] == region && (account == "" || arn[4] == account) &&
			(len(config.AllowedKeys) == 0 || slices.ContainsFunc(config.AllowedKeys, allowed)) {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 || account == "" && len(keys) > 1 {
		return ""
	}
	return keys[0]
}

// checkReplicaKey judges the key of a replica. One that names none follows its table, since the type of server-side
// encryption is the same in all replicas; but a customer managed key is of one region, so DynamoDB wants it named
// (terraform-provider-aws#17422). table is nil where another resource declares it.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html
func checkReplicaKey(p *policy.Pass, replica facts.Copy, table *facts.Copy) {
	key := replica.Get(facts.EncryptionKey)
	ownKey := fmt.Sprintf("set %s to a customer managed key of its region", replica.Named(facts.EncryptionKey))
	if !key.Value.Empty() {
		if kind, known := keyKindOf(key); known {
			checkKey(p, kind, key, replica, ownKey, nil)
		}
		return
	}
	if policy.Settings[EncryptionConfig](p).MinimumKey == minimumCustomer {
		p.Report(policy.Finding{
			Path: key.Place(), Wrong: fmt.Sprintf("%s: %v names no customer managed key", stateOf(key), replica), Remedy: ownKey,
		})
		return
	}
	var edits []policy.Edit
	if table != nil {
		edits = keyEdits(p, *table)
	} else if table = declaredTable(p); table == nil {
		return
	}
	kind, _, known := keyOf(*table)
	switch {
	case known:
		checkKey(p, min(kind, awsManaged), key, replica, fmt.Sprintf("set %s of its table to true, and customer managed keys for both "+
			"where another account reads the replica", table.Named(facts.Encrypted)), edits)
	case replica.Path() == "":
		p.Log.NoteUnknown(key.Path)
	}
}

// declaredTable finds the table that a replica is of, where the stack declares it by another resource.
func declaredTable(p *policy.Pass) *facts.Copy {
	identity, ok := p.Facts.ReplicatedTable(&p.Log)
	if !ok {
		return nil
	}
	table, ok := p.Seen.Table(identity)
	if !ok {
		p.NotApplicable("the replica has the kind of key its table has, which the stack has not declared before it")
		return nil
	}
	if restored := ofSource(table, " of its table"); restored != "" {
		p.NotApplicable(restored)
		return nil
	}
	return &table
}

// keyOf works out the kind of key of a table, which property decided, and whether it is known.
func keyOf(table facts.Copy) (kind keyKind, decidedBy resource.Property, known bool) {
	encrypted := table.Get(facts.Encrypted)
	on, ok := encrypted.Bool()
	if !on {
		return awsOwned, encrypted, ok
	}
	key := table.Get(facts.EncryptionKey)
	kind, known = keyKindOf(key)
	return kind, key, known
}

// keyKindOf works out the kind of key from a key ARN, and whether it is known. One that is not known yet is of a key that
// the program makes or looks up, so a customer managed one.
func keyKindOf(key resource.Property) (kind keyKind, known bool) {
	if key.Value.Kind() == resource.Unknown {
		return customerManaged, true
	}
	arn, ok := key.Text()
	if arn == "" || strings.HasSuffix(":"+arn, ":alias/aws/dynamodb") {
		return awsManaged, ok
	}
	return customerManaged, ok
}

// checkKey judges the key of one copy of a table: its kind, then whether it is allowed.
func checkKey(p *policy.Pass, kind keyKind, decidedBy resource.Property, of facts.Copy, remedy string, edits []policy.Edit) {
	config := policy.Settings[EncryptionConfig](p)
	minimum := map[string]keyKind{minimumOwned: awsOwned, minimumManaged: awsManaged, minimumCustomer: customerManaged}[config.MinimumKey]
	if kind < minimum {
		p.Report(policy.Finding{
			Path:   decidedBy.Place(),
			Wrong:  fmt.Sprintf("%s: %v is encrypted with %v", stateOf(decidedBy), of, kind),
			Remedy: remedy,
			Edits:  edits,
		})
		return
	}
	if kind != customerManaged || !checkKeyRegion(p, decidedBy, of) {
		return
	}
	if len(config.AllowedKeys) == 0 || len(config.KeyAccounts) > 0 {
		checkKeyAccount(p, decidedBy, of)
	}
	if len(config.AllowedKeys) == 0 {
		return // a key that is not known yet is of interest only to an allow-list
	}
	key, ok := decidedBy.Text()
	allowed := func(pattern string) bool { return glob.Match(pattern, key) }
	if ok && !slices.ContainsFunc(config.AllowedKeys, allowed) {
		p.Report(policy.Finding{
			Path:   decidedBy.Path,
			Wrong:  fmt.Sprintf("%s %v is not one of the keys that %v may be encrypted with", decidedBy.Path, decidedBy.Value, of),
			Remedy: "use one that matches " + text.List(config.AllowedKeys, " or "),
		})
	}
}

// checkKeyRegion reports whether a key, as far as it is known, is of the region of the copy, and reports one that is not: DynamoDB
// wants one that was created in its region.
//
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-dynamodb-globaltable-replicassespecification.html
func checkKeyRegion(p *policy.Pass, key resource.Property, of facts.Copy) bool {
	region, _ := keyPlace(key)
	if !tables.IsRegion(region) {
		return true
	}
	in, known := p.Facts.Region(p.Around()), ""
	if of.Path() != "" {
		in.Known, _ = of.Get(facts.Region).Value.Text()
	} else if !in.Secret {
		known = ", which is in " + in.Known
	}
	if in.Known == "" || in.Known == region {
		return true
	}
	p.Report(policy.Finding{
		Path:   key.Path,
		Wrong:  fmt.Sprintf("%s %v is a key of another region than %v%s", key.Path, key.Value, of, known),
		Remedy: fmt.Sprintf("set %s to a key of its region", of.Named(facts.EncryptionKey)),
	})
	return false
}

// keyPlace returns the region and the account of a key, as far as its ARN is known; both are empty of what is no ARN.
func keyPlace(key resource.Property) (region, account string) {
	text, _ := key.Value.Text()
	if arn := strings.SplitN(text, ":", 6); len(arn) == 6 && arn[0] == "arn" {
		return arn[3], arn[4]
	}
	return "", ""
}

// checkKeyAccount reports a key of another account than the copy's, unless it is one of keyAccounts: DynamoDB archives a table that has
// been without its key for seven days.
//
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ArchivalSummary.html
func checkKeyAccount(p *policy.Pass, key resource.Property, of facts.Copy) {
	others := policy.Settings[EncryptionConfig](p).KeyAccounts
	_, owner := keyPlace(key)
	if account.Known(owner) == "" || slices.Contains(others, owner) {
		return
	}
	own := p.Facts.Account(p.Around())
	if owner == own.Configured {
		return
	}
	f := policy.Finding{
		Path:   key.Path,
		Wrong:  fmt.Sprintf("%s %v is a key of another account than %v: whoever may disable it there may take the table away", key.Path, key.Value, of),
		Remedy: fmt.Sprintf("set %s to a key of its own account, or name the other one in keyAccounts of table-encryption", of.Named(facts.EncryptionKey)),
	}
	if len(others) == 0 {
		f.Limit = policy.Advisory
	}
	switch match, _ := (tables.Identity{Account: own}).Compare(tables.Identity{Account: tables.Part{Known: owner}}); {
	case match == tables.Different:
		p.Report(f)
	case match == tables.Possible && len(others) > 0:
		p.NotApplicable(string(key.Path) + " is a key of none of keyAccounts, and nothing tells which account the table is in")
	}
}
