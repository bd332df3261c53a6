package facts

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"dynamoguard/internal/place"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/tables"
)

// The types that record what is done in an account.
const (
	Trail                = "aws:cloudtrail/trail:Trail"
	EventDataStore       = "aws:cloudtrail/eventDataStore:EventDataStore"
	NativeTrail          = "aws-native:cloudtrail:Trail"
	NativeEventDataStore = "aws-native:cloudtrail:EventDataStore"
)

// A flag is a boolean property with what it is where nobody set it.
type flag struct {
	property string
	unset    bool
}

func (f flag) read(r *resource.Resource, log *resource.Log) Certainty {
	p := r.Property(f.property, log)
	on, ok := p.Bool()
	switch {
	case !ok:
		return Maybe
	case p.Unset():
		return certain(f.unset)
	default:
		return certain(on)
	}
}

// trails are the types of trails and of stores of events. Each of operators is a list of values: in order equal, begin, end, and the
// same of what is left out.
var trails = map[string]struct {
	on                  flag
	off                 bool // on says that it is off
	multi, organization flag
	region, basic       string // empty where it has none

	operators [6]string
}{
	Trail: {
		flag{"enableLogging", true}, false, flag{"isMultiRegionTrail", false}, flag{"isOrganizationTrail", false}, "region", "eventSelectors",
		[6]string{"equals", "startsWiths", "endsWiths", "notEquals", "notStartsWiths", "notEndsWiths"},
	},
	EventDataStore: {
		flag{"suspend", false}, true, flag{"multiRegionEnabled", true}, flag{"organizationEnabled", false}, "region", "",
		[6]string{"equals", "startsWiths", "endsWiths", "notEquals", "notStartsWiths", "notEndsWiths"},
	},
	NativeTrail: {
		flag{"isLogging", true}, false, flag{"isMultiRegionTrail", false}, flag{"isOrganizationTrail", false}, "", "eventSelectors",
		[6]string{"equals", "startsWith", "endsWith", "notEquals", "notStartsWith", "notEndsWith"},
	},
	NativeEventDataStore: {
		flag{"ingestionEnabled", true}, false, flag{"multiRegionEnabled", true}, flag{"organizationEnabled", false}, "", "",
		[6]string{"equals", "startsWith", "endsWith", "notEquals", "notStartsWith", "notEndsWith"},
	},
}

const advancedSelectors = "advancedEventSelectors"

// TrailReads returns the types that record what is done with tables, and the properties that say what.
func TrailReads() map[string][]string {
	reads := map[string][]string{Table: {"arn"}}
	tables := TableReads()
	for typ := range AllTagReads() {
		if typ != TableReplica {
			addReads(reads, typ, tables[typ]...)
		}
	}
	for typ, shape := range trails {
		patterns := []string{shape.on.property, shape.multi.property, shape.organization.property}
		if shape.region != "" {
			patterns = append(patterns, shape.region)
		}
		if shape.basic != "" {
			patterns = append(patterns, resource.Patterns(shape.basic+"[].readWriteType")...)
			patterns = append(patterns, resource.Patterns(shape.basic+"[].dataResources[].type")...)
			patterns = append(patterns, resource.Patterns(shape.basic+"[].dataResources[].values")...)
		}
		for _, name := range append([]string{"field"}, shape.operators[:]...) {
			patterns = append(patterns, resource.Patterns(advancedSelectors+"[].fieldSelectors[]."+name)...)
		}
		addReads(reads, typ, patterns...)
	}
	return reads
}

// An Event is one that CloudTrail may record of the items of a table.
type Event struct {
	Name     string
	ReadOnly bool
}

// tableEvents are all of them: a PartiQL statement may read or write.
//
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/logging-using-cloudtrail.html
var tableEvents = []Event{
	{"GetItem", true}, {"BatchGetItem", true}, {"Query", true}, {"Scan", true}, {"TransactGetItems", true},
	{"PutItem", false}, {"UpdateItem", false}, {"DeleteItem", false}, {"BatchWriteItem", false}, {"TransactWriteItems", false},
	{"ExecuteStatement", true}, {"BatchExecuteStatement", true}, {"ExecuteTransaction", true},
	{"ExecuteStatement", false}, {"BatchExecuteStatement", false}, {"ExecuteTransaction", false},
}

// A Recorder is a trail, or a store of events, of the stack.
type Recorder struct {
	URN resource.URN
	// Selects: it records what is done with items, of some table.
	Selects Certainty

	on, multi, organization Certainty

	where     tables.Identity // without a name
	selectors [][]eventTest   // of each, all must hold
	made      []resource.URN  // what the selectors depend on
	unknown   []Place
}

// An eventTest is what a selector asks of a field of events: that one of the first three operators holds, where it has them, and none
// of the others.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/filtering-data-events.html
type eventTest struct {
	field     string
	operators [6][]string
	unknown   bool
}

// tableType is what CloudTrail calls tables.
const tableType = "AWS::DynamoDB::Table"

// Trails returns the trails of the stack, and what stands in the way of reading them. around is what a resource takes from around it.
func (g *Graph) Trails(around func(resource.URN) place.Around) (list []*Recorder, problems []Problem) {
	for _, r := range g.Resources {
		shape, ok := trails[r.Type]
		if !ok {
			continue
		}
		var log resource.Log
		t := &Recorder{
			URN: r.URN, on: shape.on.read(r, &log),
			multi: shape.multi.read(r, &log), organization: shape.organization.read(r, &log),
		}
		if shape.off {
			t.on = t.on.not()
		}
		t.where.Account = place.Account(r, around(r.URN))
		var own resource.Value
		if shape.region != "" {
			own = r.Property(shape.region, &log).Value
		}
		t.where.Region = place.Region(r, own, t.where.Account, around(r.URN))
		t.made = r.PropertyDependencies[advancedSelectors]
		if shape.basic != "" {
			t.made = slices.Concat(t.made, r.PropertyDependencies[shape.basic])
			for _, s := range r.All(shape.basic+"[]", &log) {
				t.selectors = append(t.selectors, basicTests(s)...)
			}
		}
		for _, s := range r.All(advancedSelectors+"[]", &log) {
			t.selectors = append(t.selectors, advancedTests(s, shape.operators))
		}
		for _, tests := range t.selectors {
			isTable := certain(slices.ContainsFunc(tests, func(test eventTest) bool { return test.field == "resources.type" || test.unknown }))
			for _, test := range tests {
				if test.field == "resources.type" || test.field == "eventCategory" {
					isTable = min(isTable, test.holds(Event{}, nil, t))
				}
			}
			t.Selects = max(t.Selects, isTable)
		}
		for _, path := range log.Unknown {
			t.unknown = append(t.unknown, Place{r.URN, path})
		}
		for _, message := range log.Mistyped {
			problems = append(problems, Problem{r.URN, message})
		}
		list = append(list, t)
	}
	return list, problems
}

// basicTests are those of an event selector of the older kind: for each type of resources, their ARNs, or how they begin.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DataResource.html
func basicTests(s resource.Property) (selectors [][]eventTest) {
	readOnly := eventTest{field: "readOnly"}
	switch text, ok := s.Get("readWriteType").Text(); {
	case !ok:
		readOnly.unknown = true
	case text == "ReadOnly" || text == "WriteOnly":
		readOnly.operators[0] = []string{strconv.FormatBool(text == "ReadOnly")}
	}
	for _, of := range s.All("dataResources[]") {
		typ, ok := of.Get("type").Text()
		arn := eventTest{field: "resources.ARN"}
		for _, v := range of.All("values[]") {
			switch text, ok := v.Text(); {
			case !ok:
				arn.unknown = true
			case strings.Contains(text, ":table/"):
				arn.operators[0] = append(arn.operators[0], text)
			default:
				arn.operators[1] = append(arn.operators[1], text)
			}
		}
		selectors = append(selectors, []eventTest{
			{field: "resources.type", operators: [6][]string{{typ}}, unknown: !ok}, readOnly, arn,
		})
	}
	return selectors
}

func advancedTests(s resource.Property, operators [6]string) (tests []eventTest) {
	for _, of := range s.All("fieldSelectors[]") {
		field, ok := of.Get("field").Text()
		test := eventTest{field: field, unknown: !ok}
		for i, name := range operators {
			for _, v := range of.All(name + "[]") {
				if text, ok := v.Text(); ok {
					test.operators[i] = append(test.operators[i], text)
				} else {
					test.unknown = true
				}
			}
		}
		tests = append(tests, test)
	}
	return tests
}

// holds reports whether an event of a table meets the test. What is asked of who does it, all meet.
func (t eventTest) holds(e Event, table *declaredTable, by *Recorder) Certainty {
	var value string
	switch t.field {
	case "eventCategory":
		value = "Data"
	case "eventName":
		value = e.Name
	case "eventSource":
		value = "dynamodb.amazonaws.com"
	case "eventType":
		value = "AwsApiCall"
	case "readOnly":
		value = strconv.FormatBool(e.ReadOnly)
	case "resources.type":
		value = tableType
	case "resources.ARN":
		return t.holdsOf(func(operator int, text string) bool { return table.named(operator, text) }, slices.Contains(by.made, table.urn))
	default:
		if t.field == "" && t.unknown {
			return Maybe
		}
		return Yes
	}
	return t.holdsOf(func(operator int, text string) bool { return matches(operator, text, value) }, false)
}

// holdsOf reports whether the test holds of a value, by how texts match it by the operators, see matches. made: what is not known of
// the test is the value.
func (t eventTest) holdsOf(match func(operator int, text string) bool, made bool) Certainty {
	asked, in, out := t.unknown, t.unknown && made, false
	for operator, texts := range t.operators {
		has := slices.ContainsFunc(texts, func(text string) bool { return match(operator%3, text) })
		if operator < 3 {
			asked, in = asked || len(texts) > 0, in || has
		} else {
			out = out || has
		}
	}
	switch {
	case out:
		return No
	case t.unknown && !in:
		return Maybe
	default:
		return certain(in || !asked)
	}
}

// matches reports whether a text is a value, or its beginning, or its end.
func matches(operator int, text, value string) bool {
	switch operator {
	case 0:
		return value == text
	case 1:
		return strings.HasPrefix(value, text)
	default:
		return strings.HasSuffix(value, text)
	}
}

// leavesOut reports whether the test leaves out a table by name.
func (t eventTest) leavesOut(table *declaredTable) bool {
	for operator, texts := range t.operators[3:] {
		if t.field == "resources.ARN" && slices.ContainsFunc(texts, func(text string) bool { return table.named(operator, text) }) {
			return true
		}
	}
	return false
}

// A declaredTable is one of which it is asked what is recorded.
type declaredTable struct {
	urn      resource.URN
	identity tables.Identity
}

// named is matches of the table's ARN, as far as that is known.
func (t *declaredTable) named(operator int, text string) bool {
	switch operator {
	case 1:
		text += "*"
	case 2:
		text = "*" + text
	}
	return mayName(text, t.identity)
}

// Unrecorded is what no trail of the stack records of a table's items.
type Unrecorded struct {
	// Reads and Writes: none of them is recorded. Events are the names of all that are not.
	Reads, Writes bool
	Events        []string
	// LeftOut: a selector leaves the table out, which somebody meant.
	LeftOut bool
	// Near is a trail that is on and works where the table is, nil where there is none.
	Near *Recorder
	// Unknown are the places by which what is not among Events may be unrecorded as well.
	Unknown []Place
}

// Unrecorded works out what is not recorded of a table.
func (g *Graph) Unrecorded(table *resource.Resource, list []*Recorder, around place.Around) Unrecorded {
	t := &declaredTable{urn: table.URN}
	f := g.Facts(table)
	if claims := f.TableClaims(around, new(resource.Log)); len(claims) > 0 {
		t.identity = claims[0].Identity
	} else {
		t.identity.Account = f.Account(around)
	}
	u := Unrecorded{Reads: true, Writes: true}
	for _, trail := range list {
		if trail.here(t) == No {
			continue
		}
		u.Near = cmp.Or(u.Near, trail)
		for _, test := range slices.Concat(trail.selectors...) {
			u.LeftOut = u.LeftOut || test.leavesOut(t)
		}
	}
	maybe := false
	for _, e := range tableEvents {
		is := No
		for _, trail := range list {
			is = max(is, trail.records(e, t))
		}
		maybe = maybe || is == Maybe
		switch {
		case is == No:
			if !slices.Contains(u.Events, e.Name) {
				u.Events = append(u.Events, e.Name)
			}
		case e.ReadOnly:
			u.Reads = false
		default:
			u.Writes = false
		}
	}
	if maybe {
		for _, trail := range list {
			u.Unknown = append(u.Unknown, trail.unknown...)
		}
	}
	return u
}

// here reports whether the trail is on and works where a table is.
func (t *Recorder) here(table *declaredTable) Certainty {
	account, region := table.identity.Compare(t.where)
	return min(
		max(certain(account != tables.Different), t.organization),
		max(certain(region != tables.Different), t.multi),
		t.on,
	)
}

func (t *Recorder) records(e Event, table *declaredTable) Certainty {
	is := No
	for _, tests := range t.selectors {
		of := Yes
		for _, test := range tests {
			of = min(of, test.holds(e, table, t))
		}
		is = max(is, of)
	}
	return min(is, t.here(table))
}
