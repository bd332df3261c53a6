package iam

import (
	"math/bits"
	"strings"
	"sync"

	"dynamoguard/internal/glob"
)

//go:generate go run ./gen

// Action is one action of the catalogue, such as dynamodb:GetItem.
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_dynamodb.html and list_dax.html
type Action struct {
	Service     string // "dynamodb" or "dax"
	Name        string // as AWS writes it: "GetItem"
	Level       AccessLevel
	Class       Class
	Required    ResourceTypes // the resource must be of one of these types; none: the action takes no resource
	Optional    ResourceTypes // the resource may be of these types as well
	TablePolicy TablePolicy
	index       uint8 // position in the catalogue
}

// String is the action as a policy document writes it: "dynamodb:DeleteTable".
func (a *Action) String() string { return a.Service + ":" + a.Name }

// Types are the resource types of the action, required and optional.
func (a *Action) Types() ResourceTypes { return a.Required | a.Optional }

// AccessLevel is the set of AWS's own access levels of an action: some have two.
type AccessLevel uint8

const (
	LevelPermissions AccessLevel = 1 << iota
	LevelTagging
	LevelWrite
	LevelRead
	LevelList
)

// String writes the levels as the service authorization reference does: "Permissions management, Write".
func (l AccessLevel) String() string {
	return words(uint(l), []string{"Permissions management", "Tagging", "Write", "Read", "List"}, ", ")
}

// Class says what an action does to a table or a cluster. A greater class is more sensitive.
type Class uint8

const (
	Metadata     Class = iota // Describe* and List*: reads the description of a thing, not its data
	Inspection                // reads neither data nor a description: a resource policy, where the records of a stream start
	Tagging                   // changes tags
	Control                   // changes settings, creates
	DataRead                  // reads items or stream records
	DataWrite                 // writes items
	Exfiltration              // copies data to where other grants rule it: export, restore, backup, replica, stream to Kinesis
	Destructive               // loses a table, its backups or items
	Permissions               // changes who may do what
)

func (c Class) String() string {
	return [...]string{"metadata", "inspection", "tagging", "control", "data read", "data write", "exfiltration", "destructive", "permissions management"}[c]
}

// ResourceTypes is a set of the kinds of things an action is done to.
type ResourceTypes uint16

const (
	Table       ResourceTypes = 1 << iota // arn:P:dynamodb:R:A:table/NAME
	Index                                 // .../index/NAME, below the table's ARN
	Stream                                // .../stream/LABEL; a label is a time, with colons
	Backup                                // .../backup/NAME
	Export                                // .../export/NAME
	Import                                // .../import/NAME
	GlobalTable                           // arn:P:dynamodb::A:global-table/NAME
	Cluster                               // arn:P:dax:R:A:cache/NAME
	NoResource                            // the request names no resource: it is "*"
)

// tableTypes are a table and all that has an ARN below the table's.
const tableTypes = Table | Index | Stream | Backup | Export | Import

// String lists the types: "table, index".
func (r ResourceTypes) String() string {
	return words(uint(r), []string{"table", "index", "stream", "backup", "export", "import", "global table", "DAX cluster", "no resource"}, ", ")
}

// each calls do with every type of the set by itself.
func (r ResourceTypes) each(do func(ResourceTypes)) {
	for ; r != 0; r &= r - 1 {
		do(r & -r)
	}
}

// actionsOf are the actions on resources of any type of the set.
func actionsOf(types ResourceTypes) (set ActionSet) {
	for ; types != 0; types &= types - 1 {
		set = set.Or(actionsOn[bits.TrailingZeros16(uint16(types))])
	}
	return set
}

// TablePolicy says what the resource-based policy of a table or a stream can grant of an action.
//
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/rbac-iam-actions.html
type TablePolicy uint8

const (
	NotGrantable     TablePolicy = iota
	SameAccount                  // to principals of the table's account only
	CrossAccount                 // to principals of any account
	GrantableUnknown             // the AWS page does not name the action
)

// ConditionKey is a condition key that DynamoDB or DAX sends with some actions.
type ConditionKey struct {
	Name        string // "dynamodb:LeadingKeys"; "aws:RequestTag/*" stands for every tag
	Type        KeyType
	Multivalued bool // a request carries a list of values, so that conditions need ForAllValues or ForAnyValue
	carriers    ActionSet
}

// KeyType is the type of a condition key's values.
type KeyType uint8

const (
	KeyString KeyType = iota
	KeyBool
	KeyARN
)

// Actions are all actions of the catalogue, DynamoDB's first, each service in alphabetical order.
func Actions() []*Action { return allActions.List() }

// HasService reports whether the catalogue has the actions of a service, whose name is in any case: all there are.
func HasService(service string) bool {
	return glob.EqualFold(service, "dynamodb") || glob.EqualFold(service, "dax")
}

// LookupAction finds the action that a document or request calls by this name, in any case: "DynamoDB:getitem".
// It is nil for an action of another service and for a name that AWS does not know.
func LookupAction(name string) *Action {
	if a := actionsByName()[name]; a != nil {
		return a
	}
	service, name, ok := strings.Cut(name, ":")
	if !ok {
		return nil
	}
	switch {
	case glob.EqualFold(service, "dynamodb"):
		return lookup(catalogue[:dynamodbCount], name)
	case glob.EqualFold(service, "dax"):
		return lookup(catalogue[dynamodbCount:], name)
	}
	return nil
}

// actionsByName are the actions by what documents and requests mostly call them, in the case of AWS.
var actionsByName = sync.OnceValue(func() map[string]*Action {
	names := make(map[string]*Action, len(catalogue))
	for a := range allActions.All() {
		names[a.String()] = a
	}
	return names
})

func lookup(sorted []Action, name string) *Action {
	low, high := 0, len(sorted)
	for low < high {
		middle := (low + high) / 2
		switch order := compareFold(sorted[middle].Name, name); {
		case order == 0:
			return &sorted[middle]
		case order < 0:
			low = middle + 1
		default:
			high = middle
		}
	}
	return nil
}

// actionsFrom are the actions of services whose names begin so, in any case: the usual pattern, and the catalogue is in order.
func actionsFrom(prefix string, services ActionSet) (set ActionSet) {
	between := func(first, end int) {
		from := first + before(catalogue[first:end], prefix, false)
		to := from + before(catalogue[from:end], prefix, true)
		set = set.Or(firstActions(to).Minus(firstActions(from)))
	}
	if services.Contains(dynamodbActions) {
		between(0, dynamodbCount)
	}
	if services.Contains(daxActions) {
		between(dynamodbCount, len(catalogue))
	}
	return set
}

// before counts the actions in order whose names come before a prefix, those that begin so among them or not.
func before(sorted []Action, prefix string, among bool) int {
	low, high := 0, len(sorted)
	for low < high {
		middle := (low + high) / 2
		name := sorted[middle].Name
		if order := compareFold(name[:min(len(name), len(prefix))], prefix); order < 0 || order == 0 && among {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// compareFold orders texts by their lower case.
func compareFold(a, b string) int {
	for i := range min(len(a), len(b)) {
		if x, y := glob.Lower(a[i]), glob.Lower(b[i]); x != y {
			return int(x) - int(y)
		}
	}
	return len(a) - len(b)
}

// words joins the names of the bits that are set.
func words(set uint, names []string, separator string) string {
	var out []string
	for i, name := range names {
		if set&(1<<i) != 0 {
			out = append(out, name)
		}
	}
	return strings.Join(out, separator)
}
