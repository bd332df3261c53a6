package facts

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"dynamoguard/internal/resource"
	"dynamoguard/internal/tables"
)

// TableReads returns the types that claim table identities, and the patterns of the properties that say which.
func TableReads() map[string][]string {
	return map[string][]string{
		Table:        {"name", "region", "replicas", "replicas[].regionName"},
		TableReplica: {"globalTableArn", "region"},
		GlobalTable:  nil,
	}
}

// accountInputs are the inputs of an AWS provider that decide which account it works in, or which stand-in for AWS.
var accountInputs = []string{
	"accessKey", "profile", "assumeRole", "assumeRoles", "assumeRoleWithWebIdentity", "allowedAccountIds",
	"sharedConfigFiles", "sharedCredentialsFiles", "endpoints",
}

// ProviderReads returns the patterns of the provider inputs that are read.
func ProviderReads() []string {
	return append([]string{"region", "assumeRole.roleArn", "assumeRoles[].roleArn", "assumeRoleWithWebIdentity.roleArn"}, accountInputs...)
}

// TableClaims returns the identities that the resource claims. What could not be read is in the log. defaultRegion is
// the stack's aws:region.
//
// A Table claims its name in its own region and in that of every replica, a TableReplica the name of its table in its
// own. The GlobalTable of 2017 claims nothing: it is a membership of tables that claim their names themselves.
func (f *Facts) TableClaims(defaultRegion resource.Value, log *resource.Log) []tables.Claim {
	switch f.resource.Type {
	case Table:
		return f.tableClaims(defaultRegion, log)
	case TableReplica:
		return f.replicaClaims(defaultRegion, log)
	default:
		return nil
	}
}

func (f *Facts) tableClaims(defaultRegion resource.Value, log *resource.Log) []tables.Claim {
	name := f.resource.Property("name", log)
	text, ok := name.Text()
	if !ok || text == "" {
		return nil
	}
	account := f.account()
	claim := func(region tables.Part, path resource.Path) tables.Claim {
		return tables.Claim{
			Identity: tables.Identity{Account: account, Region: region, Name: text},
			Path:     string(path),
			Shown:    name.Value.String(),
		}
	}
	claims := []tables.Claim{claim(f.region(account, defaultRegion, log), name.Path)}
	replicas, _ := f.resource.Property("replicas", log).Elements()
	for _, r := range replicas {
		region := r.Get("regionName")
		if text, ok := region.Text(); ok && text != "" {
			claims = append(claims, claim(tables.Part{Known: text, Secret: region.Value.Secret()}, r.Path))
		}
	}
	return claims
}

func (f *Facts) replicaClaims(defaultRegion resource.Value, log *resource.Log) []tables.Claim {
	table, ok := f.ReplicatedTable(log)
	if !ok {
		return nil
	}
	property := f.resource.Property("globalTableArn", log)
	identity := table
	identity.Region = f.region(table.Account, defaultRegion, log)
	return []tables.Claim{{
		Identity: identity,
		Path:     string(property.Path),
		Shown:    property.Value.Redact(table.Name).String(),
	}}
}

// ReplicatedTable returns the identity of the table that a TableReplica is of. What could not be read is in the log.
//
// A replica lives in the account of its table, and a table's own ARN is the best witness of that.
func (f *Facts) ReplicatedTable(log *resource.Log) (tables.Identity, bool) {
	property := f.resource.Property("globalTableArn", log)
	text, ok := property.Text()
	if !ok || text == "" {
		return tables.Identity{}, false
	}
	arn, ok := ParseTableARN(text)
	if !ok {
		log.NoteMistyped(fmt.Sprintf("%s %v is not the ARN of a table", property.Path, property.Value))
		return tables.Identity{}, false
	}
	secret := property.Value.Secret()
	account := f.account()
	account.Known, account.Secret = arn.Account, secret
	return tables.Identity{
		Account: account,
		Region:  tables.Part{Known: arn.Region, Secret: secret},
		Name:    arn.Name,
	}, true
}

// A TableARN is the ARN of a table in its parts:
//
//	arn:<partition>:dynamodb:<region>:<account>:table/<name>
type TableARN struct{ Partition, Region, Account, Name string }

// ParseTableARN takes the ARN of a table apart. That of an index, a stream or a backup is not one.
func ParseTableARN(s string) (TableARN, bool) {
	p := strings.SplitN(s, ":", 6)
	if len(p) != 6 || p[0] != "arn" || p[2] != "dynamodb" {
		return TableARN{}, false
	}
	name, ok := strings.CutPrefix(p[5], "table/")
	if !ok || name == "" || strings.Contains(name, "/") {
		return TableARN{}, false
	}
	return TableARN{Partition: p[1], Region: p[3], Account: p[4], Name: name}, true
}

// account works out the account from the resource's provider: known where the provider's inputs name it, else like that
// of every provider whose inputs are the same.
func (f *Facts) account() tables.Part {
	p := f.resource.Provider
	if p == nil {
		return tables.Part{}
	}
	input := func(name string) resource.Value { return providerInput(p, name) }
	var part tables.Part
	roles := input("assumeRoles").Elements() // each is assumed by the one before
	for _, role := range append([]resource.Value{input("assumeRoleWithWebIdentity"), input("assumeRole")}, roles...) {
		if account := roleAccount(role); account != "" {
			part.Known = account
		}
	}
	allowed := accountIDs(input("allowedAccountIds"))
	switch {
	case part.Known != "":
	case len(allowed) == 1:
		part.Known = allowed[0]
	default:
		part.Among = allowed
	}

	inputs := make([]any, len(accountInputs))
	for i, name := range accountInputs {
		v := input(name)
		if v.HasUnknown() {
			// Nothing can be compared, but one provider works in one account.
			part.Like = "provider " + string(p.URN)
			return part
		}
		part.Secret = part.Secret || name != "accessKey" && v.HasSecret()
		switch {
		case name == "allowedAccountIds":
			inputs[i] = allowed
		case v.Empty():
		default:
			inputs[i] = plain(v)
		}
	}
	// Hashed, because it holds an access key and is kept.
	text, _ := json.Marshal(inputs)
	sum := sha256.Sum256(text)
	part.Like = "inputs " + hex.EncodeToString(sum[:])
	return part
}

// accountIDs returns account IDs in order, each once. Written as a number, one has lost its leading zeros. Where one is
// not known, nothing is known of what they are.
func accountIDs(v resource.Value) []string {
	var ids []string
	for _, e := range v.Elements() {
		text, isText := e.Text()
		number, isNumber := e.Number()
		switch {
		case isText:
			ids = append(ids, text)
		case isNumber:
			ids = append(ids, fmt.Sprintf("%012.0f", number))
		default:
			return nil
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// roleAccount returns the account of the role that a provider assumes, arn:<partition>:iam::<account>:role/<name>.
func roleAccount(v resource.Value) string {
	arn, _ := v.Get("roleArn").Text()
	if p := strings.SplitN(arn, ":", 6); len(p) == 6 && p[2] == "iam" {
		return p[4]
	}
	return ""
}

// region works out the region: the resource's own, which provider version 7 has, else its provider's, else the stack's.
func (f *Facts) region(account tables.Part, fromStack resource.Value, log *resource.Log) tables.Part {
	if own := f.resource.Property("region", log); !own.Value.Empty() {
		_, _ = own.Text() // notes what cannot be read
		return knownRegion(own.Value, "")
	}
	if p := f.resource.Provider; p != nil {
		if v := providerInput(p, "region"); !v.Empty() {
			return knownRegion(v, "provider "+string(p.URN))
		}
	}
	if !fromStack.Empty() {
		return knownRegion(fromStack, "stack")
	}
	// It comes from the environment or the profile, which is the same for equal accounts.
	return tables.Part{Like: account.Like}
}

func knownRegion(v resource.Value, like string) tables.Part {
	text, _ := v.Text()
	return tables.Part{Known: text, Secret: v.Secret(), Like: like}
}

// providerInput returns an input of a provider. The engine sends what is not a string as JSON in a string.
func providerInput(p *resource.Provider, name string) resource.Value {
	v := p.Properties.Get(name)
	text, ok := v.Text()
	if !ok || (!strings.HasPrefix(text, "[") && !strings.HasPrefix(text, "{")) {
		return v
	}
	var decoded any
	if json.Unmarshal([]byte(text), &decoded) != nil {
		return v
	}
	if v.Secret() {
		return value(decoded).AsSecret()
	}
	return value(decoded)
}

// value is the inverse of plain.
func value(a any) resource.Value {
	switch a := a.(type) {
	case bool:
		return resource.BoolValue(a)
	case float64:
		return resource.NumberValue(a)
	case string:
		return resource.StringValue(a)
	case []any:
		list := make([]resource.Value, len(a))
		for i, e := range a {
			list[i] = value(e)
		}
		return resource.ArrayValue(list)
	case map[string]any:
		object := make(map[string]resource.Value, len(a))
		for k, e := range a {
			object[k] = value(e)
		}
		return resource.ObjectValue(object)
	default:
		return resource.NullValue()
	}
}
