package facts

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
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
	property := f.resource.Property("globalTableArn", log)
	text, ok := property.Text()
	if !ok || text == "" {
		return nil
	}
	arn, ok := ParseTableARN(text)
	if !ok {
		log.Mistyped = append(log.Mistyped, fmt.Sprintf("%s %v is not the ARN of a table", property.Path, property.Value))
		return nil
	}
	// A replica lives in the account of its table, and a table's own ARN is the best witness of that.
	account := f.account()
	account.Known, account.Secret = arn.Account, property.Value.Secret()
	return []tables.Claim{{
		Identity: tables.Identity{Account: account, Region: f.region(account, defaultRegion, log), Name: arn.Name},
		Path:     string(property.Path),
		Shown:    property.Value.Redact(arn.Name).String(),
	}}
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
	var known string
	secret := false
	inputs := make([]any, len(accountInputs))
	for i, name := range accountInputs {
		v := providerInput(p, name)
		if v.HasUnknown() {
			// Nothing can be compared, but one provider works in one account.
			return tables.Part{Like: "provider " + string(p.URN)}
		}
		inputs[i] = plain(v)
		secret = secret || name != "accessKey" && v.HasSecret()
		switch name {
		case "allowedAccountIds":
			if ids := v.Elements(); len(ids) == 1 {
				known, _ = ids[0].Text()
			}
		case "assumeRole":
			known = firstNonEmpty(known, roleAccount(v))
		case "assumeRoles":
			if roles := v.Elements(); len(roles) > 0 {
				known = firstNonEmpty(known, roleAccount(roles[len(roles)-1])) // each role is assumed by the one before
			}
		}
	}
	// Hashed, because it holds an access key and is kept.
	text, _ := json.Marshal(inputs)
	sum := sha256.Sum256(text)
	return tables.Part{Known: known, Secret: secret, Like: "inputs " + hex.EncodeToString(sum[:])}
}

func firstNonEmpty(a, b string) string {
	if a != "" {
		return a
	}
	return b
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
	if own := f.resource.Property("region", log); !own.Unset() {
		return knownRegion(own.Value, "")
	}
	p := f.resource.Provider
	if p != nil {
		if v := providerInput(p, "region"); !v.Unset() {
			return knownRegion(v, "provider "+string(p.URN))
		}
	}
	if !fromStack.Unset() {
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
