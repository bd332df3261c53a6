package facts

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"dynamoguard/internal/account"
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

// Around is what resources take from around them where they do not say it themselves. Functions that are not set know
// nothing.
type Around struct {
	Region resource.Value // the stack's aws:region
	// Credentials returns the account of a profile, of the credentials in force where profile is empty.
	Credentials func(profile string) account.Answer
	// AmbientRegion returns the region that goes with them.
	AmbientRegion func(profile string) string
}

// TableClaims returns the identities that the resource claims. What could not be read is in the log.
//
// A Table claims its name in its own region and in that of every replica, a TableReplica the name of its table in its
// own. The GlobalTable of 2017 claims nothing: it is a membership of tables that claim their names themselves.
func (f *Facts) TableClaims(around Around, log *resource.Log) []tables.Claim {
	switch f.resource.Type {
	case Table:
		return f.tableClaims(around, log)
	case TableReplica:
		return f.replicaClaims(around, log)
	default:
		return nil
	}
}

func (f *Facts) tableClaims(around Around, log *resource.Log) []tables.Claim {
	name := f.resource.Property("name", log)
	text, ok := name.Text()
	if !ok || text == "" {
		return nil
	}
	where := f.account(around)
	claim := func(region tables.Part, path resource.Path) tables.Claim {
		return tables.Claim{
			Identity: tables.Identity{Account: where, Region: region, Name: text},
			Path:     string(path),
			Shown:    name.Value.String(),
		}
	}
	claims := []tables.Claim{claim(f.region(where, around, log), name.Path)}
	replicas, _ := f.resource.Property("replicas", log).Elements()
	for _, r := range replicas {
		region := r.Get("regionName")
		if text, ok := region.Text(); ok && text != "" {
			claims = append(claims, claim(tables.Part{Known: text, Secret: region.Value.Secret()}, r.Path))
		}
	}
	return claims
}

func (f *Facts) replicaClaims(around Around, log *resource.Log) []tables.Claim {
	property := f.resource.Property("globalTableArn", log)
	text, ok := property.Text()
	if !ok || text == "" {
		return nil
	}
	arn, ok := tables.ParseARN(text)
	if !ok {
		log.Mistyped = append(log.Mistyped, fmt.Sprintf("%s %v is not the ARN of a table", property.Path, property.Value))
		return nil
	}
	// A replica lives in the account of its table, and a table's own ARN is the best witness of that.
	where := f.account(around)
	where.Known, where.Secret, where.From = arn.Account, property.Value.Secret(), "the ARN of its table"
	return []tables.Claim{{
		Identity: tables.Identity{Account: where, Region: f.region(where, around, log), Name: arn.Name},
		Path:     string(property.Path),
		Shown:    property.Value.Redact(arn.Name).String(),
	}}
}

// Account returns the account that the resource's provider works in.
func (f *Facts) Account(around Around) tables.Part { return f.account(around) }

// account works out the account from the resource's provider: known where the provider's inputs, or the credentials that they
// lead to, name it, else like that of every provider whose inputs are the same.
func (f *Facts) account(around Around) tables.Part {
	p := f.resource.Provider
	if p == nil {
		return tables.Part{}
	}
	part := tables.Part{}
	inputs := make([]any, len(accountInputs))
	set := map[string]any{}
	for i, name := range accountInputs {
		v := providerInput(p, name)
		if v.HasUnknown() {
			// Nothing can be compared, but one provider works in one account.
			return tables.Part{Like: "provider " + string(p.URN)}
		}
		inputs[i] = plain(v)
		if !v.Unset() {
			set[name] = inputs[i]
		}
		part.Secret = part.Secret || v.HasSecret()
	}
	// Hashed, because it holds an access key and is kept.
	text, _ := json.Marshal(inputs)
	sum := sha256.Sum256(text)
	part.Like = "inputs " + hex.EncodeToString(sum[:])
	part.Known, part.From = account.OfProvider(func(name string) any { return set[name] }), "its provider"
	if part.Known != "" || around.Credentials == nil {
		return part
	}
	// Several allowed accounts leave the choice to the credentials; everything else replaces them.
	delete(set, "allowedAccountIds")
	profile, _ := set["profile"].(string)
	delete(set, "profile")
	if len(set) > 0 {
		part.From = "its provider has " + strings.Join(slices.Sorted(maps.Keys(set)), ", ") + ", which do not name it"
		return part
	}
	answer := around.Credentials(profile)
	part.Known, part.From = answer.ID, answer.From
	return part
}

// region works out the region: the resource's own, which provider version 7 has, else its provider's, else the stack's.
func (f *Facts) region(where tables.Part, around Around, log *resource.Log) tables.Part {
	if own := f.resource.Property("region", log); !own.Unset() {
		return knownRegion(own.Value, "")
	}
	p := f.resource.Provider
	if p != nil {
		if v := providerInput(p, "region"); !v.Unset() {
			return knownRegion(v, "provider "+string(p.URN))
		}
	}
	if !around.Region.Unset() {
		return knownRegion(around.Region, "stack")
	}
	// It comes from the environment or the profile, which is the same for equal accounts.
	part := tables.Part{Like: where.Like}
	if p != nil && around.AmbientRegion != nil {
		profile, _ := providerInput(p, "profile").Text()
		part.Known = around.AmbientRegion(profile)
	}
	return part
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
