package facts

import (
	"strings"

	"dynamoguard/internal/resource"
)

// ScalingReads returns the types that have capacity follow the load, and the patterns of the properties that say which capacity.
func ScalingReads() map[string][]string {
	which := []string{"resourceId", "scalableDimension", "serviceNamespace"}
	return map[string][]string{
		Table:         {"arn", "name"}, // by which the others name it
		ScalingTarget: append([]string{"maxCapacity"}, which...),
		ScalingPolicy: which,
		TableIndex:    {"indexName", "provisionedThroughput", "provisionedThroughput.readCapacityUnits", "provisionedThroughput.writeCapacityUnits", "tableName"},
	}
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
		switch r.Type {
		case ScalingTarget, ScalingPolicy:
		case TableIndex:
			targets, _ := g.Resolve(r, Reference{"tableName", KindTable}, new(resource.Log))
			for _, t := range targets {
				if t.Declared != nil {
					s.indexes[t.Declared.URN] = append(s.indexes[t.Declared.URN], r)
				}
			}
			continue
		default:
			continue
		}
		var log resource.Log
		if namespace, ok := r.Property("serviceNamespace", &log).Text(); ok && namespace != "dynamodb" {
			continue
		}
		dimensions := g.dimensions(r, &log)
		for _, path := range log.Unknown {
			s.Unknown = append(s.Unknown, Place{r.URN, path})
		}
		for _, d := range dimensions {
			if r.Type == ScalingTarget {
				s.Targets[d] = r
			} else {
				s.Followed[d] = true
			}
		}
	}
	return s
}

// dimensions are those that a target or a policy is about: one, but for tables of one name that nothing tells apart.
func (g *Graph) dimensions(r *resource.Resource, log *resource.Log) (list []Dimension) {
	id, _ := r.Property("resourceId", log).Text()
	dimension, _ := r.Property("scalableDimension", log).Text()
	rest, ok := strings.CutPrefix(id, "table/")
	if !ok {
		return nil
	}
	name, index, _ := strings.Cut(rest, "/index/")
	for _, table := range g.meant(KindTable, name, r, r.PropertyDependencies["resourceId"]) {
		list = append(list, Dimension{table.URN, index, strings.HasSuffix(dimension, ":WriteCapacityUnits")})
	}
	return list
}

// An Index is a global secondary index of a table, with a capacity of its own where the table has one.
type Index struct {
	Name        resource.Property
	Read, Write resource.Property
}

// Indexes returns the global secondary indexes of a table, those that other resources declare included. What cannot be read is in
// the log.
func (s Scaling) Indexes(table *resource.Resource, log *resource.Log) (list []Index) {
	elements, _ := table.Property("globalSecondaryIndexes", log).Elements()
	for _, e := range elements {
		list = append(list, Index{e.Get("name"), e.Get("readCapacity"), e.Get("writeCapacity")})
	}
	for _, r := range s.indexes[table.URN] {
		throughput := r.Property("provisionedThroughput", log)
		list = append(list, Index{
			r.Property("indexName", log), throughput.Get("readCapacityUnits"), throughput.Get("writeCapacityUnits"),
		})
	}
	return list
}
