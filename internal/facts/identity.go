package facts

import (
	"fmt"
	"strings"

	"dynamoguard/internal/account"
	"dynamoguard/internal/iam"
	"dynamoguard/internal/place"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/tables"
)

// TableReads returns the types that claim table identities, and the patterns of the properties that say which.
func TableReads() map[string][]string {
	return Reads(CopyReads(Name, Region), ReplicatedReads, TypeReads(GlobalTable))()
}

// TableClaims returns the identities that the resource claims. What could not be read is in the log.
//
// A table claims its name in its own region and in that of every replica, a TableReplica the name of its table in its own. A global
// table of aws-native lists every region it is in, its own among them. The GlobalTable of 2017 claims nothing: it is a membership
// of tables that claim their names themselves.
//
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-globaltable.html
func (f *Facts) TableClaims(around place.Around, log *resource.Log) (claims []tables.Claim) {
	if s := shapes[f.resource.Type]; s != nil && s.replicaOf != "" {
		return f.replicaClaims(around, log)
	}
	name, ok := TableName(f.resource, log)
	if !ok {
		return nil
	}
	text, ok := name.Text()
	if !ok || text == "" {
		return nil
	}
	where := f.Account(around)
	for _, c := range Copies(f.resource, log) {
		claim := tables.Claim{
			Identity: tables.Identity{Account: where, Name: text},
			Path:     string(name.Path),
			Shown:    name.Value.String(),
			Secret:   name.Value.Secret(),
		}
		if c.Path() == "" {
			claim.Identity.Region = f.region(where, around, log)
		} else {
			region := c.Get(Region)
			text, ok := region.Text()
			if !ok || text == "" {
				continue
			}
			claim.Identity.Region, claim.Path = tables.Part{Known: text, Secret: region.Value.Secret()}, string(c.Path())
		}
		claims = append(claims, claim)
	}
	return claims
}

func (f *Facts) replicaClaims(around place.Around, log *resource.Log) []tables.Claim {
	table, ok := f.ReplicatedTable(log)
	if !ok {
		return nil
	}
	property := f.resource.Property(shapes[f.resource.Type].replicaOf, log)
	identity := table
	identity.Region = f.region(table.Account, around, log)
	// The provider takes the region and the name from the ARN, so its account silences the configured one no more than
	// credentials do.
	if configured := around.Configured; configured != "" && identity.Account.Known != configured {
		told := f.Account(around)
		if identity.Account.Known == "" {
			identity.Account = told
		} else {
			identity.Account.Configured, identity.Account.Bound = configured, told.Bound
		}
	}
	return []tables.Claim{{
		Identity: identity,
		Path:     string(property.Path),
		Shown:    property.Value.Redact(table.Name).String(),
		Secret:   property.Value.Secret(),
	}}
}

// ReplicatedTable returns the identity of the table that a TableReplica is of. What could not be read is in the log.
//
// A replica lives in the account of its table, and a table's own ARN is the best witness of that.
func (f *Facts) ReplicatedTable(log *resource.Log) (tables.Identity, bool) {
	property := f.resource.Property(shapes[f.resource.Type].replicaOf, log)
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
	where := f.Account(place.Around{})
	where.Known, where.Secret, where.From = account.Known(arn.Account), secret, "the ARN of its table"
	return tables.Identity{
		Account: where,
		Region:  tables.Part{Known: arn.Region, Secret: secret},
		Name:    arn.Name,
	}, true
}

// governs is the property of a table's policy that says which table or stream that is of, where it is a resource of its own.
const governs = "resourceArn"

// GovernsReads returns the types that hold the policies of tables that other resources declare, and the property that Governs reads.
func GovernsReads() map[string][]string {
	return map[string][]string{TablePolicy: {governs}}
}

// GovernedReads are the types that hold the policies of tables, and the properties that Governs and GovernedTable read, with those
// that hold some aspects of GovernedCopy.
func GovernedReads(aspects ...Aspect) Reading {
	return func() map[string][]string {
		reads := GovernsReads()
		all := Reads(TableReads, CopyReads(aspects...))()
		for typ := range DocumentReads(iam.Resource)() {
			if shapes[typ] != nil {
				reads[typ] = all[typ]
			}
		}
		return reads
	}
}

// Governs returns the property that says which table, or whose stream, a table's policy is of. It is false of a resource that
// declares the table as well.
func Governs(r *resource.Resource, log *resource.Log) (arn resource.Property, ok bool) {
	if r.Type != TablePolicy {
		return resource.Property{}, false
	}
	return r.Property(governs, log), true
}

// GovernedCopy returns the copy of a table in which a document of the resource stands; it is false of a policy that is a resource of
// its own.
func (f *Facts) GovernedCopy(d *Document) (Copy, bool) {
	for _, c := range Copies(f.resource, new(resource.Log)) {
		if c.Path() == "" || strings.HasPrefix(string(d.Path), string(c.Path())+".") {
			return c, true
		}
	}
	return Copy{}, false
}

// GovernedTable returns the table that a document of the resource is the policy of, or of whose stream, as far as that is known: by
// the table that the document stands in, else by the ARN. Where neither tells, the identity has no name, and the account of the
// provider. What could not be read is in the log.
func (f *Facts) GovernedTable(d *Document, around place.Around, log *resource.Log) tables.Identity {
	where := f.Account(around)
	property, ok := Governs(f.resource, log)
	if !ok {
		within, _ := f.GovernedCopy(d)
		for _, c := range f.TableClaims(around, log) {
			if within.Path() == "" || c.Path == string(within.Path()) {
				return c.Identity
			}
		}
		return tables.Identity{Account: where}
	}
	text, _ := property.Text()
	table, _, _ := strings.Cut(text, "/stream/")
	arn, ok := tables.ParseARN(table)
	if !ok {
		return tables.Identity{Account: where}
	}
	secret := property.Value.Secret()
	if known := account.Known(arn.Account); known != "" {
		where.Known, where.Secret, where.From = known, secret, "the ARN of its table"
	}
	return tables.Identity{Account: where, Region: tables.Part{Known: arn.Region, Secret: secret}, Name: arn.Name}
}

// Account is the account that the resource's provider works in.
func (f *Facts) Account(around place.Around) tables.Part { return place.Account(f.resource, around) }

// Region is the region that the resource is in.
func (f *Facts) Region(around place.Around) tables.Part {
	return f.region(f.Account(around), around, new(resource.Log))
}

// region is the region of a resource that may name its own, as a table can since version 7 of the classic provider.
func (f *Facts) region(where tables.Part, around place.Around, log *resource.Log) tables.Part {
	s := shapes[f.resource.Type]
	if s == nil || s.table[Region] == "" {
		return place.Region(f.resource, resource.Value{}, where, around)
	}
	own := f.resource.Property(s.table[Region], log)
	if !own.Value.Empty() {
		_, _ = own.Text() // notes what cannot be read
	}
	return place.Region(f.resource, own.Value, where, around)
}
