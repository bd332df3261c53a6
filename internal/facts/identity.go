package facts

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
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
		NativeTable:  {"tableName"},
		NativeGlobal: {"tableName", "replicas", "replicas[].region"},
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
	case NativeTable, NativeGlobal:
		return f.nativeClaims(around, log)
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
	where := f.Account(around)
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

// nativeClaims returns the claims of a table of the aws-native provider, which has CloudFormation's properties. A global
// table lists every region it is in as a replica, its own among them.
//
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-globaltable.html
func (f *Facts) nativeClaims(around Around, log *resource.Log) (claims []tables.Claim) {
	name := f.resource.Property("tableName", log)
	text, ok := name.Text()
	if !ok || text == "" {
		return nil
	}
	where := f.Account(around)
	claim := func(region tables.Part, path resource.Path) {
		claims = append(claims, tables.Claim{
			Identity: tables.Identity{Account: where, Region: region, Name: text}, Path: string(path), Shown: name.Value.String(),
		})
	}
	if f.resource.Type == NativeTable {
		claim(f.providerRegion(where, around), name.Path)
		return claims
	}
	replicas, _ := f.resource.Property("replicas", log).Elements()
	for _, r := range replicas {
		region := r.Get("region")
		if text, ok := region.Text(); ok && text != "" {
			claim(tables.Part{Known: text, Secret: region.Value.Secret()}, r.Path)
		}
	}
	return claims
}

func (f *Facts) replicaClaims(around Around, log *resource.Log) []tables.Claim {
	table, ok := f.ReplicatedTable(log)
	if !ok {
		return nil
	}
	property := f.resource.Property("globalTableArn", log)
	identity := table
	identity.Region = f.region(table.Account, around, log)
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
	arn, ok := tables.ParseARN(text)
	if !ok {
		log.NoteMistyped(fmt.Sprintf("%s %v is not the ARN of a table", property.Path, property.Value))
		return tables.Identity{}, false
	}
	secret := property.Value.Secret()
	where := f.Account(Around{})
	where.Known, where.Secret, where.From = known(arn.Account), secret, "the ARN of its table"
	return tables.Identity{
		Account: where,
		Region:  tables.Part{Known: arn.Region, Secret: secret},
		Name:    arn.Name,
	}, true
}

// Account works out the account that the resource's provider works in: known where the provider's inputs, or the
// credentials that they lead to, name it, else like that of every provider whose inputs are the same.
func (f *Facts) Account(around Around) tables.Part {
	p := f.resource.Provider
	if p == nil {
		return tables.Part{}
	}
	input := func(name string) resource.Value { return providerInput(p, name) }
	var part tables.Part
	roles := input("assumeRoles").Elements() // each is assumed by the one before
	for _, role := range append([]resource.Value{input("assumeRoleWithWebIdentity"), input("assumeRole")}, roles...) {
		if of := roleAccount(role); of != "" {
			part.Known, part.From = of, "its provider"
		}
	}
	allowed := accountIDs(input("allowedAccountIds"))
	switch {
	case part.Known != "":
	case len(allowed) == 1:
		part.Known, part.From = allowed[0], "its provider"
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
			inputs[i] = v.Plain()
		}
	}
	// Hashed, because it holds an access key and is kept.
	text, _ := json.Marshal(inputs)
	sum := sha256.Sum256(text)
	part.Like = "inputs " + hex.EncodeToString(sum[:])
	if part.Known == "" {
		f.credentials(around, &part)
	}
	return part
}

// credentials looks for the account in the access key of the provider, else where its inputs lead the AWS SDK.
func (f *Facts) credentials(around Around, part *tables.Part) {
	set := func(name string) bool { return !providerInput(f.resource.Provider, name).Empty() }
	if key := providerInput(f.resource.Provider, "accessKey"); !key.Empty() {
		text, _ := key.Text()
		if id, ok := account.OfKey(text); ok {
			part.Known, part.From, part.Secret = id, "the access key of its provider", part.Secret || key.Secret()
			return
		}
	}
	// These replace the credentials that there are around it.
	for _, name := range []string{
		"accessKey", "assumeRole", "assumeRoles", "assumeRoleWithWebIdentity", "sharedConfigFiles", "sharedCredentialsFiles", "endpoints",
	} {
		if set(name) {
			part.From = name + " of its provider does not tell"
			return
		}
	}
	if around.Credentials == nil {
		return
	}
	profile := providerInput(f.resource.Provider, "profile")
	text, _ := profile.Text()
	answer := around.Credentials(text)
	part.Known, part.From = answer.ID, answer.From
	if profile.Secret() {
		part.From = "the profile of its provider"
	}
}

// known is an account, empty for that of a stand-in for AWS.
func known(id string) string {
	if id == account.StandIn {
		return ""
	}
	return id
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
		return known(p[4])
	}
	return ""
}

// region works out the region: the resource's own, which provider version 7 has, else its provider's, else the stack's.
func (f *Facts) region(where tables.Part, around Around, log *resource.Log) tables.Part {
	if own := f.resource.Property("region", log); !own.Value.Empty() {
		_, _ = own.Text() // notes what cannot be read
		return knownRegion(own.Value, "")
	}
	return f.providerRegion(where, around)
}

// providerRegion works out the region where the resource has none of its own.
func (f *Facts) providerRegion(where tables.Part, around Around) tables.Part {
	if p := f.resource.Provider; p != nil {
		if v := providerInput(p, "region"); !v.Empty() {
			return knownRegion(v, "provider "+string(p.URN))
		}
	}
	if !around.Region.Empty() {
		return knownRegion(around.Region, "stack")
	}
	// It comes from the environment or the profile, which is the same for equal accounts.
	part := tables.Part{Like: where.Like}
	if p := f.resource.Provider; p != nil && around.AmbientRegion != nil {
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
	decoded, ok := resource.DecodeJSON(text)
	switch {
	case !ok:
		return v
	case v.Secret():
		return decoded.AsSecret()
	default:
		return decoded
	}
}
