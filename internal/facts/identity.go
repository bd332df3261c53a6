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
	return Reads(CopyReads(Name, Region), ReplicatedReads(), map[string][]string{GlobalTable: nil})
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

// GovernedReads returns the types that hold the policies of tables, and the properties that GovernedTable reads.
func GovernedReads() map[string][]string {
	reads := map[string][]string{TablePolicy: {governs}}
	for typ := range DocumentReads(iam.Resource) {
		if shapes[typ] != nil {
			reads[typ] = TableReads()[typ]
		}
	}
	return reads
}

// GovernedTable returns the table that a document of the resource is the policy of, as far as that is known: by the ARN, of the
// table or of its stream; by the table that the document stands in; else in the account of the provider.
func (f *Facts) GovernedTable(d *Document, around place.Around) tables.Identity {
	var log resource.Log
	if s := shapes[f.resource.Type]; s != nil {
		for _, c := range f.TableClaims(around, &log) {
			if !s.listed || strings.HasPrefix(string(d.Path), c.Path+".") {
				return c.Identity
			}
		}
		return tables.Identity{Account: f.Account(around)}
	}
	property := f.resource.Property(governs, &log)
	text, _ := property.Text()
	table, _, _ := strings.Cut(text, "/stream/")
	arn, ok := tables.ParseARN(table)
	if !ok {
		return tables.Identity{Account: f.Account(around)}
	}
	secret := property.Value.Secret()
	return tables.Identity{
		Account: tables.Part{Known: arn.Account, Secret: secret},
		Region:  tables.Part{Known: arn.Region, Secret: secret},
		Name:    arn.Name,
	}
}

// Account is the account that the resource's provider works in.
func (f *Facts) Account(around place.Around) tables.Part { return place.Account(f.resource, around) }

// region is the region of a table that may name its own, as it can since version 7 of the classic provider.
func (f *Facts) region(where tables.Part, around place.Around, log *resource.Log) tables.Part {
	property, ok := shapes[f.resource.Type].table[Region]
	if !ok {
		return place.Region(f.resource, resource.Value{}, where, around)
	}
	own := f.resource.Property(property, log)
	if !own.Value.Empty() {
		_, _ = own.Text() // notes what cannot be read
	}
	return place.Region(f.resource, own.Value, where, around)
}
