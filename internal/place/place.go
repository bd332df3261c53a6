// Package place works out where a resource is: its account, its region and the partition, and how each is known. It is one
// resolver for a run and for a state, and does no I/O of its own.
package place

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

// Around is what a resource takes from around it where neither it nor its provider says where it is. The zero Around knows
// nothing, which is all there is around a state.
type Around struct {
	// Region is the stack's aws:region, which is that of the classic provider alone.
	Region resource.Value
	// AWS is where the AWS SDK looks for credentials and a region; nil where that is not known.
	AWS *account.Sources
	// Own returns the tables that the stack owned before the run, and may take its time; nil where they are not known.
	Own func() []tables.Entry
	// Configured is the account that the organization's configuration names for the stack; empty where it names none.
	Configured string
}

// accountInputs are the inputs of an AWS provider that decide which account it works in, or which stand-in for AWS.
var accountInputs = []string{
	"accessKey", "profile", "assumeRole", "assumeRoles", "assumeRoleWithWebIdentity", "allowedAccountIds",
	"sharedConfigFiles", "sharedCredentialsFiles", "sharedCredentialsFile", "endpoints",
}

// ownCredentials are those of them that replace the credentials there are around the provider.
var ownCredentials = []string{
	"accessKey", "assumeRole", "assumeRoles", "assumeRoleWithWebIdentity", "sharedConfigFiles", "sharedCredentialsFiles",
	"sharedCredentialsFile", "endpoints",
}

// native is the type of aws-native's provider.
const native = "pulumi:providers:aws-native"

// ProviderReads returns the patterns of the provider inputs that are read, by the type of the provider.
func ProviderReads() map[string][]string {
	of := func(others []string, inputs ...string) []string {
		inputs = append(inputs, "region", "assumeRole.roleArn", "defaultTags", "defaultTags.tags")
		return append(inputs, slices.DeleteFunc(slices.Clone(accountInputs), func(name string) bool { return slices.Contains(others, name) })...)
	}
	return map[string][]string{
		"pulumi:providers:aws": of([]string{"sharedCredentialsFile"}, "assumeRoles[].roleArn", "assumeRoleWithWebIdentity.roleArn"),
		native:                 of([]string{"assumeRoles", "assumeRoleWithWebIdentity", "sharedConfigFiles", "sharedCredentialsFiles"}, "roleArn"),
	}
}

// DefaultTags returns the tags that a provider gives to each of its resources, an object.
func DefaultTags(p *resource.Provider) resource.Value {
	if p == nil {
		return resource.Value{}
	}
	return input(p, "defaultTags").Get("tags")
}

// Account works out the account that a resource's provider works in. It is the first of these that tells:
//
//   - the role that the provider assumes, the last one of a chain
//   - the only account that it allows
//   - its access key
//   - the tables that it made before, unless the next one contradicts
//   - the credentials that its profile leads to, else those around it
//   - the configured account
//
// Where none does, or what would is not known yet, it is like that of every provider with the same inputs.
//
// All but the configured account belongs to the developer who is governed. So the configured one holds wherever the others
// do not tell, as behind the address of a stand-in for AWS, and where they tell another one the result has both.
func Account(r *resource.Resource, around Around) tables.Part {
	part := told(r, around)
	configured := around.Configured
	if configured == "" || part.Known == configured {
		return part
	}
	accounts := part.Among
	if part.Known != "" {
		accounts = []string{part.Known}
	}
	known := func(id string) bool { return account.Known(id) != "" }
	if !slices.ContainsFunc(accounts, known) || slices.Contains(accounts, configured) {
		return tables.Part{Known: configured, From: tables.ByConfiguration, Like: part.Like}
	}
	part.Configured, part.Bound = configured, bound(r.Provider, around)
	return part
}

// bound reports whether a provider names its account itself, and works in no other one: that of a role, or one that it
// allows. Where it may ask something else than AWS which account that is, it is bound to none.
func bound(p *resource.Provider, around Around) bool {
	part := named(p)
	endpoints := input(p, "endpoints")
	switch {
	case part.Known == "" && (part.Among == nil || slices.Contains(part.Among, around.Configured)):
		return false
	case !endpoints.Empty() && !ofAWS(endpoints):
		return false
	default:
		return around.AWS == nil || around.AWS.StandIn("STS") == ""
	}
}

// told works out the account by what the provider and its surroundings tell.
func told(r *resource.Resource, around Around) tables.Part {
	p := r.Provider
	if p == nil {
		return tables.Part{}
	}
	part := named(p)
	like, secret, known := compared(p)
	part.Like = like
	if part.Known != "" || !known {
		return part
	}
	key := input(p, "accessKey")
	text, _ := key.Text()
	if id, ok := account.OfKey(text); ok {
		part.Known, part.From, part.Secret = id, "the access key of its provider", key.Secret()
		return part
	}
	part.Secret = secret
	for _, name := range ownCredentials {
		if v := input(p, name); !v.Empty() && !(name == "endpoints" && ofAWS(v)) {
			part.From = name + " of its provider does not tell"
			return part
		}
	}
	profile := input(p, "profile")
	text, _ = profile.Text()
	answer := around.account(r, text)
	part.Known, part.From = answer.ID, answer.From
	if profile.Secret() {
		part.From = "the profile of its provider"
	}
	return part
}

// ofAWS reports whether all endpoints of a provider are of AWS itself. They are objects of URLs by service.
func ofAWS(endpoints resource.Value) bool {
	return !endpoints.Contains(func(v resource.Value) bool {
		text, ok := v.Text()
		return v.Kind() == resource.Unknown || ok && text != "" && !account.IsAWS(text)
	})
}

// named is the account that the inputs of a provider name by role or by number, or those it can be. The provider refuses to
// work in another one, and so does AWS, where it is to hand a role to Cloud Control.
//
// Sources: https://github.com/hashicorp/aws-sdk-go-base, Config.VerifyAccountIDAllowed;
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html, of aws-native's roleArn
func named(p *resource.Provider) (part tables.Part) {
	role := func(v resource.Value, holder resource.Value) {
		arn, _ := v.Get("roleArn").Text()
		if id := account.OfRole(arn); id != "" {
			part = tables.Part{Known: id, From: "its provider", Secret: holder.HasSecret()}
		}
	}
	role(p.Properties, input(p, "roleArn"))
	for _, name := range []string{"assumeRoleWithWebIdentity", "assumeRole"} {
		role(input(p, name), input(p, name))
	}
	chain := input(p, "assumeRoles")
	for _, link := range chain.Elements() {
		role(link, chain) // each is assumed by the one before
	}
	if part.Known != "" {
		return part
	}
	v := input(p, "allowedAccountIds")
	allowed := accountIDs(v)
	if slices.ContainsFunc(allowed, func(id string) bool { return id != account.StandIn && account.Known(id) == "" }) {
		return tables.Part{} // no provider works with that
	}
	if len(allowed) != 1 {
		return tables.Part{Among: allowed}
	}
	return tables.Part{Known: allowed[0], From: "its provider", Secret: v.HasSecret()}
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

// compared returns what is equal for two providers that work in the same account, and whether an input that a message may
// quote is a secret. Where an input is not known, nothing can be compared, but one provider works in one account.
func compared(p *resource.Provider) (like string, secret, known bool) {
	inputs := make([]any, len(accountInputs))
	for i, name := range accountInputs {
		v := input(p, name)
		if v.HasUnknown() {
			return "provider " + string(p.URN), false, false
		}
		secret = secret || name != "accessKey" && v.HasSecret()
		switch {
		case name == "allowedAccountIds":
			inputs[i] = accountIDs(v)
		case name == "endpoints" && ofAWS(v): // as if there were none
		case !v.Empty():
			inputs[i] = v.Plain()
		}
	}
	// Hashed, because it holds an access key and is kept.
	text, _ := json.Marshal(inputs)
	sum := sha256.Sum256(text)
	return "inputs " + hex.EncodeToString(sum[:]), secret, true
}

// account is the account of a resource whose provider works with the credentials around it, or those of a profile.
func (a Around) account(r *resource.Resource, profile string) account.Answer {
	var answer account.Answer
	switch {
	case a.AWS == nil:
		answer.From = "nothing names it"
	case profile != "":
		answer = a.AWS.Profile(profile)
	default:
		answer = a.AWS.Ambient()
	}
	// What a stand-in for AWS holds is in none of its accounts, whatever the state says. Where the credentials are of another
	// account than the state, the run would go where they lead; that is said of no account unless one is configured to compare.
	if profile == "" && a.Own != nil && !answer.StandIn {
		switch earlier := earlierAccount(r, a.Own()); {
		case earlier == "":
		case answer.ID == "" || answer.ID == earlier:
			return account.Answer{ID: earlier, From: "the stack's own state"}
		case a.Configured == "":
			return account.Answer{From: fmt.Sprintf("%s by the stack's own state, %s by %s", earlier, answer.ID, answer.From)}
		}
	}
	return answer
}

// earlierAccount is the account that the resource's provider made the stack's own tables in before this run; where it made
// none, or in several, it is empty. A table of which the provider is not known tells of itself alone.
func earlierAccount(r *resource.Resource, own []tables.Entry) string {
	provider := unversioned(string(r.Provider.URN))
	found := ""
	for _, e := range own {
		its := unversioned(e.Provider)
		made := its != "" && its == provider || its == "" && e.URN == string(r.URN)
		switch {
		case !made || e.Account == "" || e.Account == found:
		case found != "":
			return ""
		default:
			found = e.Account
		}
	}
	return found
}

// unversioned is the URN of a provider without the version in the name of a default one, such as default_7_1_0: all of
// them take their inputs from the stack.
func unversioned(urn string) string {
	i := strings.LastIndex(urn, "::default_")
	if i < 0 {
		return urn
	}
	return urn[:i] + "::default"
}

// Region works out the region of a resource: own, which is what the resource itself says, else its provider's, else of the classic
// provider the stack's, else that of the environment or the profile, which is the same for equal accounts. where is its account.
func Region(r *resource.Resource, own resource.Value, where tables.Part, around Around) tables.Part {
	p := r.Provider
	if !own.Empty() {
		return regionPart(own, "")
	}
	if p != nil {
		if v := input(p, "region"); !v.Empty() {
			return regionPart(v, "provider "+string(p.URN))
		}
	}
	if !around.Region.Empty() && (p == nil || p.Type != native) {
		return regionPart(around.Region, "stack")
	}
	part := tables.Part{Like: where.Like}
	if p != nil && around.AWS != nil {
		profile := input(p, "profile")
		name, _ := profile.Text()
		// Files of its own may say something else than the shared ones.
		shared := input(p, "sharedConfigFiles").Empty() && input(p, "sharedCredentialsFiles").Empty() &&
			input(p, "sharedCredentialsFile").Empty() && !profile.HasUnknown()
		part.Known = around.AWS.Region(name, shared)
	}
	return part
}

func regionPart(v resource.Value, like string) tables.Part {
	text, _ := v.Text()
	return tables.Part{Known: text, Secret: v.Secret(), Like: like}
}

// input returns an input of a provider. The engine sends what is not a string as JSON in a string.
func input(p *resource.Provider, name string) resource.Value {
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
