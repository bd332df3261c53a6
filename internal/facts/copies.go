package facts

import (
	"fmt"

	"dynamoguard/internal/resource"
)

// An Aspect is what there is to say of a copy of a table.
type Aspect uint8

// The aspects, with the types of their values.
const (
	Name               Aspect = iota // string
	Region                           // string; not set of a table that is where its provider is
	Recovery                         // boolean: whether it can be restored to a point in time
	RecoveryPeriod                   // number: how far back, in days
	Encrypted                        // boolean: whether with a key in the owner's account
	EncryptionKey                    // string: which one
	DeletionProtection               // boolean
	Tags                             // map of strings; of aws-native a list of objects with key and value
	Stream                           // boolean: whether the change stream is on; of aws-native a string, set where it is
	Destination                      // string: the ARN of the Kinesis data stream that changes go to
	BillingMode                      // string: PROVISIONED or PAY_PER_REQUEST
	ReadCapacity                     // number: units
	WriteCapacity                    // number: units
)

var aspectNames = [...]string{
	"Name", "Region", "Recovery", "RecoveryPeriod", "Encrypted", "EncryptionKey", "DeletionProtection", "Tags", "Stream",
	"Destination", "BillingMode", "ReadCapacity", "WriteCapacity",
}

func (a Aspect) String() string { return aspectNames[a] }

// Aspects returns all aspects, in order.
func Aspects() []Aspect {
	all := make([]Aspect, len(aspectNames))
	for i := range all {
		all[i] = Aspect(i)
	}
	return all
}

// A shape says by which properties a resource type declares tables, and the copies of each.
type shape struct {
	// table has what is said by properties of the resource. It is said of the copy that the resource is; of a resource that is
	// none, of all its copies alike.
	table map[Aspect]string
	// copies is the list of blocks that declare a copy each, and copy what each says of its own.
	copies string
	copy   map[Aspect]string
	// listed: all copies stand in the list, that of the resource's own region as well.
	listed bool
	// replicaOf is the property with the ARN of the table that the resource is a replica of; empty where it is none.
	replicaOf string
	// formation: it is as CloudFormation has it. Tags are a list of objects with key and value, and a stream is on where it has a view
	// type; else they are a map, and it is where it says so.
	formation bool
	// capacity is how the table says what capacity it has.
	capacity capacityShape
	// restored are the properties that say what the table is restored from.
	restored []string
}

// shapes are the types that declare tables.
//
// Sources: https://www.pulumi.com/registry/packages/aws/api-docs/dynamodb/table/ and .../tablereplica/;
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html and
// .../aws-resource-dynamodb-globaltable.html
var shapes = map[string]*shape{
	Table: {
		table: map[Aspect]string{
			Name:               "name",
			Region:             "region",
			Recovery:           "pointInTimeRecovery.enabled",
			RecoveryPeriod:     "pointInTimeRecovery.recoveryPeriodInDays",
			Encrypted:          "serverSideEncryption.enabled",
			EncryptionKey:      "serverSideEncryption.kmsKeyArn",
			DeletionProtection: "deletionProtectionEnabled",
			Tags:               "tags",
			Stream:             "streamEnabled",
			BillingMode:        "billingMode",
			ReadCapacity:       "readCapacity",
			WriteCapacity:      "writeCapacity",
		},
		copies: "replicas",
		copy: map[Aspect]string{
			Region:             "regionName",
			Recovery:           "pointInTimeRecovery",
			EncryptionKey:      "kmsKeyArn",
			DeletionProtection: "deletionProtectionEnabled",
		},
		restored: []string{"restoreBackupArn", "restoreSourceName", "restoreSourceTableArn"},
		capacity: capacityShape{
			index: "name", indexRead: "readCapacity", indexWrite: "writeCapacity",
			mostRead: "onDemandThroughput.maxReadRequestUnits", mostWritten: "onDemandThroughput.maxWriteRequestUnits",
		},
	},
	TableReplica: {
		table: map[Aspect]string{
			Region:             "region",
			Recovery:           "pointInTimeRecovery",
			EncryptionKey:      "kmsKeyArn",
			DeletionProtection: "deletionProtectionEnabled",
			Tags:               "tags",
		},
		replicaOf: "globalTableArn",
	},
	NativeTable: {
		table: map[Aspect]string{
			Name:               "tableName",
			Recovery:           "pointInTimeRecoverySpecification.pointInTimeRecoveryEnabled",
			RecoveryPeriod:     "pointInTimeRecoverySpecification.recoveryPeriodInDays",
			Encrypted:          "sseSpecification.sseEnabled",
			EncryptionKey:      "sseSpecification.kmsMasterKeyId",
			DeletionProtection: "deletionProtectionEnabled",
			Tags:               "tags",
			Stream:             "streamSpecification.streamViewType",
			Destination:        "kinesisStreamSpecification.streamArn",
			BillingMode:        "billingMode",
			ReadCapacity:       "provisionedThroughput.readCapacityUnits",
			WriteCapacity:      "provisionedThroughput.writeCapacityUnits",
		},
		formation: true,
		capacity: capacityShape{
			index: "indexName", indexRead: "provisionedThroughput.readCapacityUnits", indexWrite: "provisionedThroughput.writeCapacityUnits",
			mostRead: "onDemandThroughput.maxReadRequestUnits", mostWritten: "onDemandThroughput.maxWriteRequestUnits",
		},
	},
	NativeGlobal: {
		table: map[Aspect]string{
			Name:        "tableName",
			Encrypted:   "sseSpecification.sseEnabled",
			Stream:      "streamSpecification.streamViewType",
			BillingMode: "billingMode",
		},
		copies: "replicas",
		copy: map[Aspect]string{
			Region:             "region",
			Recovery:           "pointInTimeRecoverySpecification.pointInTimeRecoveryEnabled",
			RecoveryPeriod:     "pointInTimeRecoverySpecification.recoveryPeriodInDays",
			EncryptionKey:      "sseSpecification.kmsMasterKeyId",
			DeletionProtection: "deletionProtectionEnabled",
			Tags:               "tags",
			Destination:        "kinesisStreamSpecification.streamArn",
			ReadCapacity:       "readProvisionedThroughputSettings.readCapacityUnits",
		},
		listed:    true,
		formation: true,
		capacity: capacityShape{
			index:        "indexName",
			indexRead:    "readProvisionedThroughputSettings.readCapacityUnits",
			ofAll:        "readProvisionedThroughputSettings.readCapacityUnits",
			followsRead:  "readProvisionedThroughputSettings.readCapacityAutoScalingSettings",
			followsWrite: "writeProvisionedThroughputSettings.writeCapacityAutoScalingSettings",
			mostRead:     "readOnDemandThroughputSettings.maxReadRequestUnits",
			mostWritten:  "writeOnDemandThroughputSettings.maxWriteRequestUnits",
		},
	},
}

// CopyReads are the types that declare copies of tables, and the patterns of the properties that hold some aspects of them.
func CopyReads(aspects ...Aspect) Reading {
	return func() map[string][]string { return copyReads(aspects) }
}

func copyReads(aspects []Aspect) map[string][]string {
	reads := map[string][]string{}
	for typ, s := range shapes {
		listed := s.listed
		for _, a := range aspects {
			if property, ok := s.table[a]; ok {
				addReads(reads, typ, resource.Patterns(property)...)
			}
			if property, ok := s.copy[a]; ok {
				listed = true
				addReads(reads, typ, resource.Patterns(s.copies+"[]."+property)...)
			}
		}
		if listed && reads[typ] != nil {
			addReads(reads, typ, resource.Patterns(s.copies+"[]."+s.copy[Region])...) // by which a copy is called
		}
	}
	return reads
}

// NameReads returns the types that name tables, and the properties that hold the names.
func NameReads() map[string][]string {
	reads := map[string][]string{}
	for typ, s := range shapes {
		if name, ok := s.table[Name]; ok {
			reads[typ] = []string{name}
		}
	}
	return reads
}

// NameProperty returns the property that holds the name of a table that resources of a type declare; empty where they name none.
func NameProperty(typ string) string {
	if s := shapes[typ]; s != nil {
		return s.table[Name]
	}
	return ""
}

// ReplicatedReads returns the types that declare a replica of another resource's table, and the properties that say of which.
func ReplicatedReads() map[string][]string {
	reads := map[string][]string{}
	for typ, s := range shapes {
		if s.replicaOf != "" {
			reads[typ] = []string{s.replicaOf}
		}
	}
	return reads
}

// RestoredReads returns the types whose tables can be restored from others, and the properties that RestoredFrom reads.
func RestoredReads() map[string][]string {
	reads := map[string][]string{}
	for typ, s := range shapes {
		if s.restored != nil {
			reads[typ] = append([]string{resource.Path(s.table[Encrypted]).Property()}, s.restored...)
		}
	}
	return reads
}

// A Copy is a copy of a table in one region: the table itself, or a replica of it.
type Copy struct {
	// Replica: the table that it copies is declared beside it (Path is not empty), or by another resource.
	Replica bool

	block    resource.Property // that declares it
	own      map[Aspect]string // by path from the block
	restored []string          // see shape
	table    resource.Property // the resource, where that speaks for all its copies
	all      map[Aspect]string // by path from the resource
}

// Copies returns the copies of a table that a resource declares, in order; what cannot be read is in the log.
func Copies(r *resource.Resource, log *resource.Log) []Copy {
	var copies []Copy
	if own, ok := Own(r, log); ok {
		copies = append(copies, own)
	}
	s := shapes[r.Type]
	if s == nil || s.copies == "" {
		return copies
	}
	elements, _ := r.Property(s.copies, log).Elements()
	for _, e := range elements {
		c := Copy{Replica: !s.listed, block: e, own: s.copy}
		if s.listed {
			c.table, c.all = r.Root(log), s.table
		}
		copies = append(copies, c)
	}
	return copies
}

// Own returns the copy that a resource itself is, and whether it is one.
func Own(r *resource.Resource, log *resource.Log) (Copy, bool) {
	s := shapes[r.Type]
	if s == nil || s.listed {
		return Copy{}, false
	}
	return Copy{Replica: s.replicaOf != "", block: r.Root(log), own: s.table, restored: s.restored}, true
}

// TableName returns the property that names the table a resource declares, and whether it has one.
func TableName(r *resource.Resource, log *resource.Log) (resource.Property, bool) {
	s := shapes[r.Type]
	if s == nil || s.table[Name] == "" {
		return resource.Property{}, false
	}
	return r.Property(s.table[Name], log), true
}

// RestoredFrom returns the property that says what the table is restored from whose key nothing else decides, and whether there is
// one: without a block on encryption a table has the key of its source.
//
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_RestoreTableToPointInTime.html, SSESpecificationOverride
func (c Copy) RestoredFrom() (source resource.Property, ok bool) {
	if len(c.restored) == 0 || !c.block.At(c.encryption()).Unset() {
		return resource.Property{}, false
	}
	for _, name := range c.restored {
		if p := c.block.At(name); !p.Value.Empty() {
			return p, true
		}
	}
	return resource.Property{}, false
}

// encryption is the block on encryption.
func (c Copy) encryption() string { return resource.Path(c.Named(Encrypted)).Property() }

// Path is the place of the copy in its resource, empty where it is the resource.
func (c Copy) Path() resource.Path { return c.block.Path }

// Named returns the path by which a copy of this kind says something of an aspect, from the copy on, such as
// pointInTimeRecovery.enabled, or from the resource on where that speaks for all copies; empty where neither can.
func (c Copy) Named(a Aspect) string {
	_, path := c.said(a)
	return path
}

// Has reports whether a copy can say something of an aspect, by the version of its provider. Where that is not known, it can where
// every version that is supported can.
func (c Copy) Has(a Aspect) bool {
	of, path := c.said(a)
	if path == "" {
		return false
	}
	r := of.Of()
	since := Since(r.Type, of.Path.Key(path).Pattern())
	return r.Provider.Version().Major() >= since || !of.At(path).Unset()
}

// Get returns the property that holds an aspect of the copy, which must be Named: else it panics, since to be silent would
// be to say that it is not set.
func (c Copy) Get(a Aspect) resource.Property {
	of, path := c.said(a)
	if path == "" {
		panic(fmt.Sprintf("facts: %v has no %v", c, a))
	}
	return of.At(path)
}

// said is the path by which something is said of an aspect, and from where on; the path is empty where nothing can be.
func (c Copy) said(a Aspect) (of resource.Property, path string) {
	if path, ok := c.own[a]; ok {
		return c.block, path
	}
	return c.table, c.all[a]
}

// String names the copy as a sentence does: the table, the replica in eu-west-1.
func (c Copy) String() string {
	if !c.Replica && c.Path() == "" {
		return "the table"
	}
	if c.Path() != "" {
		region := c.Get(Region).Value
		if text, ok := region.Text(); ok && text != "" {
			return fmt.Sprintf("the replica in %v", region)
		}
	}
	return "the replica"
}
