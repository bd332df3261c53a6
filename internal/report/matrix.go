package report

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"sort"

	"dynamoguard/internal/resource"
)

// A Matrix says who may do what on which table: what the policies of each principal grant it, after their Denies, within its
// permissions boundary, and with what the tables' own policies add and take away.
//
// What the stacks do not say it does not know: service and resource control policies of the organization, session policies, and
// policies that are attached by hand; nor what a principal may do by assuming another role, passing one (iam:PassRole) or changing code
// that runs with one. A cluster of DAX reads and writes with the role it has, whose row says of what.
type Matrix struct {
	Tables     []MatrixTable     `json:"tables"`               // the columns: by environment, account, region and name
	Principals []MatrixPrincipal `json:"principals"`           // the rows: by environment, account, kind and name, those outside last
	Statements []MatrixStatement `json:"statements,omitempty"` // that are behind the cells, which name them by index
	// Unknown says what may add to the matrix and could not be read: an attachment whose principal is not known, as sentences.
	Unknown []string `json:"unknown,omitempty"`
}

// A MatrixTable is a column: one table in one region, so that a replica is one of its own.
type MatrixTable struct {
	Name        string       `json:"name"`
	Partition   string       `json:"partition,omitempty"`
	Account     string       `json:"account,omitempty"`     // empty where nothing tells
	Region      string       `json:"region,omitempty"`      // empty where nothing tells
	Environment string       `json:"environment,omitempty"` // of the stack that owns it; empty where that has none that is known
	Stack       string       `json:"stack,omitempty"`       // that owns it, as people write it; empty where nothing tells
	URN         resource.URN `json:"urn,omitempty"`         // of the resource that declares it; empty where none of the stacks judged does
	Shared      []string     `json:"shared,omitempty"`      // other stacks that claim the very same table
	// Unknown says why its own policy is not known, so that it may let more in and keep more out; empty where it is.
	Unknown string `json:"unknown,omitempty"`
}

// A MatrixPrincipal is a row: a role, user, group or permission set, or somebody else whom the policy of a table names.
type MatrixPrincipal struct {
	Kind        string       `json:"kind"` // role, user, group, permission set; of the others account, service, organization, everyone or principal
	Name        string       `json:"name"`
	ARN         string       `json:"arn,omitempty"`
	Account     string       `json:"account,omitempty"`     // empty where nothing tells, or where it has none
	Environment string       `json:"environment,omitempty"` // of the stack that declares it; empty where that has none that is known
	Stack       string       `json:"stack,omitempty"`       // that declares it; empty where none of those judged does
	URN         resource.URN `json:"urn,omitempty"`         // of the resource that declares it, or of the first that names it
	// Outside: it is only named, so what it has besides what these stacks say of it is not known.
	Outside bool `json:"outside,omitempty"`
	// Unknown says what may add to the row and is not known. What would be a cell without access is one of unknown access then.
	Unknown []string `json:"unknown,omitempty"`
	// Beyond are the patterns by which it reaches tables that may be there besides those of the matrix.
	Beyond []MatrixPattern `json:"beyond,omitempty"`

	// The cells: Spans say which tables have which of Access, in the order of the tables; a table in none has no access.
	Access []Access     `json:"access,omitempty"`
	Spans  []MatrixSpan `json:"spans,omitempty"`
}

// A MatrixSpan gives tables that stand beside each other the same access, so that a grant on everything takes no cell for each table.
type MatrixSpan struct {
	First  int `json:"first"` // index in Tables
	Last   int `json:"last"`  // the last of them
	Access int `json:"access"`
}

// A MatrixPattern is an element of an Allow that matches tables by a wildcard, or all but some.
type MatrixPattern struct {
	Text      string `json:"text"`          // as written; empty of a document that is a secret
	Not       bool   `json:"not,omitempty"` // all but the elements of the statement, of which Text is the first
	Statement int    `json:"statement"`
	Access    Access `json:"access"`
}

// Access is what a principal may do on a table and on what belongs to it, by the class of the action. Metadata, which Describe* and
// List* read, is in none.
type Access struct {
	Read   Right `json:"read,omitzero"`   // items and the records of streams
	Write  Right `json:"write,omitzero"`  // items
	Admin  Right `json:"admin,omitzero"`  // settings and tags; to create and delete; to copy elsewhere: exports, backups, replicas
	Policy Right `json:"policy,omitzero"` // who may do what: the policy of the table or its stream
}

// Rights are the rights with their names, in the order in which they are shown.
func (a *Access) Rights() iter.Seq2[string, *Right] {
	return func(yield func(string, *Right) bool) {
		_ = yield("read", &a.Read) && yield("write", &a.Write) && yield("admin", &a.Admin) && yield("policy", &a.Policy)
	}
}

// None reports whether there is no access, as far as is known.
func (a *Access) None() bool {
	for _, r := range a.Rights() {
		if r.Level != NoAccess {
			return false
		}
	}
	return true
}

// A Right says how far actions of one class are open.
type Right struct {
	Level   AccessLevel `json:"level"`
	Actions []string    `json:"actions,omitempty"` // that are, without "dynamodb:"; may be shared, not to be changed
	By      []int       `json:"by,omitempty"`      // the statements behind it, Denies that narrow it among them: indexes in Matrix.Statements
}

// An AccessLevel is how far something is open; the greater, the more.
type AccessLevel uint8

const (
	NoAccess          AccessLevel = iota
	UnknownAccess                 // it may be open: a document, a boundary or where something is is not known
	ConditionalAccess             // some requests are allowed, by the conditions of the statements behind it
	FullAccess                    // whatever the request
)

var levels = [...]string{"none", "unknown", "conditional", "allowed"}

func (l AccessLevel) String() string { return levels[l] }

// MarshalText writes the level as its word.
func (l AccessLevel) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads the word of a level.
func (l *AccessLevel) UnmarshalText(text []byte) error {
	i := slices.Index(levels[:], string(text))
	if i < 0 {
		return fmt.Errorf("%q is no level of access", text)
	}
	*l = AccessLevel(i)
	return nil
}

// A MatrixStatement is a statement of a policy document that is behind a cell.
type MatrixStatement struct {
	URN    resource.URN `json:"urn,omitempty"`    // of the resource that holds the document; empty of a policy that AWS manages
	Path   string       `json:"path,omitempty"`   // of the statement in that resource: policy.Statement[0]
	Policy string       `json:"policy,omitempty"` // the ARN of a managed policy that no stack declares
	Source string       `json:"source"`           // identity policy, resource policy or permissions boundary
	Effect string       `json:"effect"`           // Allow or Deny
	// Of a document that is a secret the rest is left out.
	Index      int      `json:"index"`                // in the document
	Sid        string   `json:"sid,omitempty"`        // as written
	Conditions []string `json:"conditions,omitempty"` // in words: Bool aws:MultiFactorAuthPresent "true"
}

// At is the access of a principal to a table, given by its index. What has no access at all shares one, so it is not to be changed.
func (p *MatrixPrincipal) At(table int) *Access {
	i := sort.Search(len(p.Spans), func(i int) bool { return p.Spans[i].Last >= table })
	if i < len(p.Spans) && p.Spans[i].First <= table {
		return &p.Access[p.Spans[i].Access]
	}
	return &noCell
}

var noCell Access

// Cells are the tables that the principal has access to, or may have, by index.
func (p *MatrixPrincipal) Cells() iter.Seq2[int, *Access] {
	return func(yield func(int, *Access) bool) {
		for _, s := range p.Spans {
			for table := s.First; table <= s.Last; table++ {
				if !yield(table, &p.Access[s.Access]) {
					return
				}
			}
		}
	}
}

// Environments are those of the tables, in order.
func (m *Matrix) Environments() []string {
	found := map[string]bool{}
	for _, t := range m.Tables {
		found[t.Environment] = true
	}
	return slices.Sorted(maps.Keys(found))
}
