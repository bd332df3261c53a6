package facts

import (
	"fmt"
	"strings"

	"dynamoguard/internal/account"
	"dynamoguard/internal/place"
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

// TableClaims returns the identities that the resource claims. What could not be read is in the log.
//
// A Table claims its name in its own region and in that of every replica, a TableReplica the name of its table in its
// own. The GlobalTable of 2017 claims nothing: it is a membership of tables that claim their names themselves.
func (f *Facts) TableClaims(around place.Around, log *resource.Log) []tables.Claim {
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

func (f *Facts) tableClaims(around place.Around, log *resource.Log) []tables.Claim {
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
			Secret:   name.Value.Secret(),
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
func (f *Facts) nativeClaims(around place.Around, log *resource.Log) (claims []tables.Claim) {
	name := f.resource.Property("tableName", log)
	text, ok := name.Text()
	if !ok || text == "" {
		return nil
	}
	where := f.Account(around)
	claim := func(region tables.Part, path resource.Path) {
		claims = append(claims, tables.Claim{
			Identity: tables.Identity{Account: where, Region: region, Name: text},
			Path:     string(path),
			Shown:    name.Value.String(),
			Secret:   name.Value.Secret(),
		})
	}
	if f.resource.Type == NativeTable {
		claim(place.Region(f.resource, resource.Value{}, where, around), name.Path)
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

func (f *Facts) replicaClaims(around place.Around, log *resource.Log) []tables.Claim {
	table, ok := f.ReplicatedTable(log)
	if !ok {
		return nil
	}
	property := f.resource.Property("globalTableArn", log)
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
	where := f.Account(place.Around{})
	where.Known, where.Secret, where.From = account.Known(arn.Account), secret, "the ARN of its table"
	return tables.Identity{
		Account: where,
		Region:  tables.Part{Known: arn.Region, Secret: secret},
		Name:    arn.Name,
	}, true
}

// PolicyTableReads returns the types of tables' policies, and the property that says of which.
func PolicyTableReads() map[string][]string {
	return map[string][]string{TablePolicy: {"resourceArn"}}
}

// PolicyTable returns the identity of the table that a TablePolicy is of, or of whose stream it is. Where its ARN does not tell, the
// identity has no name, and the account of the provider. What could not be read is in the log.
func (f *Facts) PolicyTable(around place.Around, log *resource.Log) tables.Identity {
	property := f.resource.Property("resourceArn", log)
	text, _ := property.Text()
	table, _, _ := strings.Cut(text, "/stream/")
	where := f.Account(around)
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

// region is the region of a resource that may name its own, as it can since version 7 of the provider.
func (f *Facts) region(where tables.Part, around place.Around, log *resource.Log) tables.Part {
	own := f.resource.Property("region", log)
	if !own.Value.Empty() {
		_, _ = own.Text() // notes what cannot be read
	}
	return place.Region(f.resource, own.Value, where, around)
}
