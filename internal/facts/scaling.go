package facts

import (
	"fmt"
	"strings"

	"dynamoguard/internal/resource"
)

// A capacityShape says by which properties a table says what capacity it has beside ReadCapacity and WriteCapacity.
type capacityShape struct {
	// index is the name of an element of globalSecondaryIndexes, indexRead and indexWrite what capacity it has.
	index, indexRead, indexWrite string
	// mostRead and mostWritten limit what a table uses that is paid by the request.
	mostRead, mostWritten string
	// followsRead and followsWrite are the settings by which the table itself has its capacity follow the load, where it does not take
	// other resources for that; such a table is listed. Each copy reads as it says itself, or as ofAll says.
	followsRead, followsWrite, ofAll string
}

const (
	secondaryIndexes = "globalSecondaryIndexes"
	maxCapacity      = "maxCapacity" // of what follows the load
)

// A scaler is how a type has the capacity of other resources follow the load.
type scaler struct {
	target bool // it registers a dimension, with its bounds, for policies to scale
	// by is the property with the ID of the target that the resource is about, which may stand in place of what it says itself.
	by string
}

var scalers = map[string]scaler{
	ScalingTarget:       {target: true},
	ScalingPolicy:       {},
	NativeScalingTarget: {target: true},
	NativeScalingPolicy: {by: "scalingTargetId"},
}

// ScalersOf returns the types, of the provider of a type of tables, that have capacity follow the load; none where a table does it
// by itself.
func ScalersOf(typ string) (target, policy string) {
	switch s := shapes[typ]; {
	case s.listed:
		return "", ""
	case s.formation:
		return NativeScalingTarget, NativeScalingPolicy
	}
	return ScalingTarget, ScalingPolicy
}

// CapacityReads returns the types that say what capacity tables have, and what has it follow the load, and the patterns of the
// properties that say so.
func CapacityReads() map[string][]string {
	reads := map[string][]string{
		TableIndex: {"indexName", "provisionedThroughput", "provisionedThroughput.readCapacityUnits", "provisionedThroughput.writeCapacityUnits", "tableName"},
	}
	for typ, s := range scalers {
		reads[typ] = []string{"resourceId", "scalableDimension", "serviceNamespace"}
		if s.by != "" {
			reads[typ] = append(reads[typ], s.by)
		}
		if s.target {
			reads[typ] = append(reads[typ], maxCapacity)
		}
	}
	for typ, s := range shapes {
		c := s.capacity
		if c.index == "" {
			continue
		}
		add := func(under string, paths ...string) {
			for _, path := range paths {
				if path != "" {
					reads[typ] = append(reads[typ], resource.Patterns(under+path)...)
				}
			}
		}
		add("", c.mostRead, c.mostWritten)
		add(secondaryIndexes+"[].", c.index, c.indexRead, c.indexWrite)
		if s.listed {
			add("", c.ofAll, c.followsWrite+"."+maxCapacity)
			add(secondaryIndexes+"[].", c.followsWrite+"."+maxCapacity)
			add(s.copies+"[].", c.mostRead, c.followsRead+"."+maxCapacity)
			add(s.copies+"[]."+secondaryIndexes+"[].", c.index, c.indexRead, c.followsRead+"."+maxCapacity)
		}
	}
	return joined(reads, kindReads(KindTable), CopyReads(BillingMode, ReadCapacity, WriteCapacity)())
}

// BillingOf returns the property that says how the capacity of a table is paid: PROVISIONED, also where it is not set, or
// PAY_PER_REQUEST. Of what has no say in it, such as a replica, ok is false.
func BillingOf(r *resource.Resource, log *resource.Log) (mode resource.Property, ok bool) {
	shape := shapes[r.Type]
	if shape == nil || shape.table[BillingMode] == "" {
		return resource.Property{}, false
	}
	return r.Property(shape.table[BillingMode], log), true
}

// A Dimension is a capacity that Application Auto Scaling can change: reads or writes of a table, or of an index of it.
//
// Source: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html
type Dimension struct {
	Table resource.URN
	Index string // its name; empty for the table itself
	Write bool
}

// Scaling is what a stack says of the capacity of its tables.
type Scaling struct {
	// Targets are the resources that register a dimension, with its bounds. Followed are the dimensions that a policy scales.
	Targets  map[Dimension]*resource.Resource
	Followed map[Dimension]bool
	// Unknown are the places that may say so of other dimensions, and are not known yet.
	Unknown []Place

	indexes map[resource.URN][]*resource.Resource // declared beside their tables
}

// Scaling works out which capacity follows the load.
func (g *Graph) Scaling() Scaling {
	s := Scaling{
		Targets: map[Dimension]*resource.Resource{}, Followed: map[Dimension]bool{}, indexes: map[resource.URN][]*resource.Resource{},
	}
	for _, r := range g.Resources {
		if r.Type == TableIndex {
			targets, _ := g.Resolve(r, Reference{"tableName", KindTable}, new(resource.Log))
			for _, t := range targets {
				if t.Declared != nil {
					s.indexes[t.Declared.URN] = append(s.indexes[t.Declared.URN], r)
				}
			}
		}
		scaler, ok := scalers[r.Type]
		if !ok {
			continue
		}
		var log resource.Log
		for _, d := range g.dimensions(r, scaler, &log) {
			if scaler.target {
				s.Targets[d] = r
			} else {
				s.Followed[d] = true
			}
		}
		for _, path := range log.Unknown {
			s.Unknown = append(s.Unknown, Place{r.URN, path})
		}
	}
	return s
}

// dimensions are those that a target or a policy is about: one, but for tables of one name that nothing tells apart.
//
// Source, of what the ID of a target is made of:
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-applicationautoscaling-scalingpolicy.html
func (g *Graph) dimensions(r *resource.Resource, by scaler, log *resource.Log) (list []Dimension) {
	named := "resourceId"
	var id, dimension, namespace string
	if by.by != "" && !r.Property(by.by, log).Unset() {
		named = by.by
		text, _ := r.Property(by.by, log).Text()
		id, dimension, _ = strings.Cut(text, "|")
		dimension, namespace, _ = strings.Cut(dimension, "|")
	} else {
		namespace, _ = r.Property("serviceNamespace", log).Text()
		if namespace != "" && namespace != "dynamodb" {
			return nil
		}
		id, _ = r.Property(named, log).Text()
		dimension, _ = r.Property("scalableDimension", log).Text()
	}
	rest, ok := strings.CutPrefix(id, "table/")
	if !ok || namespace != "" && namespace != "dynamodb" {
		return nil
	}
	name, index, _ := strings.Cut(rest, "/index/")
	for _, table := range g.meant(KindTable, name, r, r.PropertyDependencies[named]) {
		list = append(list, Dimension{table.URN, index, strings.HasSuffix(dimension, ":WriteCapacityUnits")})
	}
	return list
}

// A Capacity is what a table, one of its copies or one of its global secondary indexes has to read or to write.
type Capacity struct {
	Dimension
	Of    string            // what has it, as a sentence says it
	Units resource.Property // as they are fixed
	// Follows: the table itself has it follow the load, up to Maximum.
	Follows bool
	Maximum resource.Property
}

// Capacities returns the capacities of a table, those of indexes that other resources declare included. Of one thing they follow each
// other. What cannot be read is in the log.
func (s Scaling) Capacities(table *resource.Resource, log *resource.Log) (list []Capacity) {
	shape := shapes[table.Type]
	if shape.listed {
		return capacitiesOfCopies(table, shape, log)
	}
	add := func(of, index string, read, write resource.Property) {
		list = append(list,
			Capacity{Dimension: Dimension{table.URN, index, false}, Of: of, Units: read},
			Capacity{Dimension: Dimension{table.URN, index, true}, Of: of, Units: write})
	}
	addIndex := func(name, read, write resource.Property) {
		if text, ok := name.Text(); ok {
			add("index "+name.Value.String(), text, read, write)
		}
	}
	own, _ := Own(table, log)
	add("the table", "", own.Get(ReadCapacity), own.Get(WriteCapacity))
	elements, _ := table.Property(secondaryIndexes, log).Elements()
	for _, e := range elements {
		addIndex(e.At(shape.capacity.index), e.At(shape.capacity.indexRead), e.At(shape.capacity.indexWrite))
	}
	for _, r := range s.indexes[table.URN] {
		throughput := r.Property("provisionedThroughput", log)
		addIndex(r.Property("indexName", log), throughput.Get("readCapacityUnits"), throughput.Get("writeCapacityUnits"))
	}
	return list
}

// capacitiesOfCopies are the capacities of a table that has them follow the load by itself: each copy reads on its own, and what is
// written to one is written to all.
func capacitiesOfCopies(table *resource.Resource, shape *shape, log *resource.Log) (list []Capacity) {
	c := shape.capacity
	add := func(of, index string, write bool, fixed, settings resource.Property) {
		one := Capacity{Dimension: Dimension{table.URN, index, write}, Of: of, Units: fixed}
		if settings.Path != "" {
			one.Follows, one.Maximum = !settings.Unset(), settings.Get(maxCapacity) // whatever it will be, where it is not known
		}
		list = append(list, one)
	}
	either := func(own, ofAll resource.Property) resource.Property {
		if own.Unset() {
			return ofAll
		}
		return own
	}
	root, copies := table.Root(log), Copies(table, log)
	for _, one := range copies {
		add(one.String(), "", false, either(one.Get(ReadCapacity), root.At(c.ofAll)), one.block.At(c.followsRead))
	}
	add("the table", "", true, resource.Property{}, root.At(c.followsWrite))
	indexes, _ := table.Property(secondaryIndexes, log).Elements()
	for _, index := range indexes {
		name, ok := index.At(c.index).Text()
		if !ok {
			continue
		}
		of := "index " + index.At(c.index).Value.String()
		add(of, name, true, resource.Property{}, index.At(c.followsWrite))
		for _, one := range copies {
			here := index // where the copy says nothing of it
			elements, _ := one.block.At(secondaryIndexes).Elements()
			for _, e := range elements {
				if text, ok := e.At(c.index).Text(); ok && text == name {
					here = e
				}
			}
			settings := resource.Property{}
			if here.Path != index.Path {
				settings = here.At(c.followsRead)
			}
			add(fmt.Sprintf("%s of %v", of, one), name, false, either(here.At(c.indexRead), index.At(c.indexRead)), settings)
		}
	}
	return list
}

// A Limit is the most that a table, or a copy of it, reads or writes where it is paid by the request.
type Limit struct {
	Of    string // what has it, as a sentence says it
	Write bool
	Units resource.Property
}

// OnDemandLimits returns the limits of a table that is paid by the request. What cannot be read is in the log.
func OnDemandLimits(table *resource.Resource, log *resource.Log) (list []Limit) {
	shape := shapes[table.Type]
	c, root := shape.capacity, table.Root(log)
	if !shape.listed {
		list = append(list, Limit{"the table", false, root.At(c.mostRead)})
	} else {
		all := root.At(c.mostRead)
		if !all.Unset() {
			list = append(list, Limit{"the table", false, all})
		}
		for _, one := range Copies(table, log) {
			if own := one.block.At(c.mostRead); all.Unset() || !own.Unset() {
				list = append(list, Limit{one.String(), false, own})
			}
		}
	}
	return append(list, Limit{"the table", true, root.At(c.mostWritten)})
}
