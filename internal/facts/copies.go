package facts

import (
	"fmt"
	"slices"

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
	Tags                             // map of strings
	Stream                           // boolean: whether the change stream is on
	BillingMode                      // string: PROVISIONED or PAY_PER_REQUEST
	ReadCapacity                     // number: units
	WriteCapacity                    // number: units
)

var aspectNames = [...]string{
	"Name", "Region", "Recovery", "RecoveryPeriod", "Encrypted", "EncryptionKey", "DeletionProtection", "Tags", "Stream",
	"BillingMode", "ReadCapacity", "WriteCapacity",
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

// A shape says by which properties a resource type declares copies of a table: one, or one for each element of a list.
type shape struct {
	list    string // of blocks; empty where the resource is the copy
	aspects map[Aspect]string
}

// shapes are the types that declare copies of tables, the copy that is the resource itself first.
var shapes = map[string][]shape{
	Table: {
		{aspects: map[Aspect]string{
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
		}},
		{list: "replicas", aspects: map[Aspect]string{
			Region:             "regionName",
			Recovery:           "pointInTimeRecovery",
			EncryptionKey:      "kmsKeyArn",
			DeletionProtection: "deletionProtectionEnabled",
		}},
	},
	TableReplica: {
		{aspects: map[Aspect]string{
			Region:             "region",
			Recovery:           "pointInTimeRecovery",
			EncryptionKey:      "kmsKeyArn",
			DeletionProtection: "deletionProtectionEnabled",
			Tags:               "tags",
		}},
	},
}

// CopyReads returns the types that declare copies of tables, and the patterns of the properties that hold some aspects of
// them.
func CopyReads(aspects ...Aspect) map[string][]string {
	reads := map[string][]string{}
	for typ, list := range shapes {
		for _, s := range list {
			above := ""
			read := slices.DeleteFunc(slices.Clone(aspects), func(a Aspect) bool { return s.aspects[a] == "" })
			if s.list != "" && len(read) > 0 {
				above, read = s.list+"[].", append(read, Region) // by which an element is called
			}
			for _, a := range read {
				reads = Reads(reads, map[string][]string{typ: resource.Patterns(above + s.aspects[a])})
			}
		}
	}
	return reads
}

// ReplicatedReads returns the types that declare a replica of another resource's table, and the properties that say of which.
func ReplicatedReads() map[string][]string {
	return map[string][]string{TableReplica: {"globalTableArn"}}
}

// Reads joins what is read of types.
func Reads(lists ...map[string][]string) map[string][]string {
	joined := map[string][]string{}
	for _, reads := range lists {
		for typ, patterns := range reads {
			joined[typ] = slices.Compact(slices.Sorted(slices.Values(append(joined[typ], patterns...))))
		}
	}
	return joined
}

// A Copy is a copy of a table in one region: the table itself, or a replica of it.
type Copy struct {
	// Replica: the table that it copies is declared beside it (Path is not empty), or by another resource.
	Replica bool

	block resource.Property // that declares it
	shape *shape
}

// Copies returns the copies of a table that a resource declares, in order; what cannot be read is in the log.
func Copies(r *resource.Resource, log *resource.Log) []Copy {
	var copies []Copy
	if own, ok := Own(r, log); ok {
		copies = append(copies, own)
	}
	list := shapes[r.Type]
	for i := range list {
		s := &list[i]
		if s.list == "" {
			continue
		}
		elements, _ := r.Property(s.list, log).Elements()
		for _, e := range elements {
			copies = append(copies, Copy{Replica: true, block: e, shape: s})
		}
	}
	return copies
}

// restoreSources are the properties of a Table that say what it is restored from.
var restoreSources = []string{"restoreBackupArn", "restoreSourceName", "restoreSourceTableArn"}

// RestoreReads returns the properties by which RestoredFrom tells.
func RestoreReads() map[string][]string {
	return map[string][]string{Table: append([]string{"serverSideEncryption"}, restoreSources...)}
}

// RestoredFrom is the property that says what a Table without serverSideEncryption is restored from, and takes the key of; empty where
// it has a key by itself. What could not be read is in the log.
//
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_RestoreTableToPointInTime.html, SSESpecificationOverride
func RestoredFrom(r *resource.Resource, log *resource.Log) string {
	if r.Type != Table || !r.Property("serverSideEncryption", log).Unset() {
		return ""
	}
	for _, name := range restoreSources {
		if !r.Property(name, log).Value.Empty() {
			return name
		}
	}
	return ""
}

// Own returns the copy that a resource itself is, and whether it is one.
func Own(r *resource.Resource, log *resource.Log) (Copy, bool) {
	list := shapes[r.Type]
	if len(list) == 0 || list[0].list != "" {
		return Copy{}, false
	}
	return Copy{Replica: r.Type == TableReplica, block: r.Root(log), shape: &list[0]}, true
}

// Path is the place of the copy in its resource, empty where it is the resource.
func (c Copy) Path() resource.Path { return c.block.Path }

// Named returns the path by which a copy of this kind says something of an aspect, from the copy on, such as
// pointInTimeRecovery.enabled; empty where it cannot.
func (c Copy) Named(a Aspect) string { return c.shape.aspects[a] }

// Has reports whether a copy can say something of an aspect, by the version of its provider. Where that is not known, it can where
// every version that is supported can.
func (c Copy) Has(a Aspect) bool {
	path := c.Named(a)
	if path == "" {
		return false
	}
	r := c.block.Of()
	since := Since(r.Type, c.block.Path.Key(path).Pattern())
	return r.Provider.Version().Major() >= since || !c.block.At(path).Unset()
}

// Get returns the property that holds an aspect of the copy, which must be Named: else it panics, since to be silent would
// be to say that it is not set.
func (c Copy) Get(a Aspect) resource.Property {
	path, ok := c.shape.aspects[a]
	if !ok {
		panic(fmt.Sprintf("facts: %v has no %v", c, a))
	}
	return c.block.At(path)
}

// String names the copy as a sentence does: the table, the replica in eu-west-1.
func (c Copy) String() string {
	if !c.Replica {
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
