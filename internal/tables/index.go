package tables

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"dynamoguard/internal/account"
	"dynamoguard/internal/jsonscan"
)

// SchemaVersion is that of the index format this package writes. It reads no newer one; members that it does not know
// are passed over, so that one can be added without a new version.
const SchemaVersion = 1

// NoOrganization is what Pulumi calls the organization of a backend that has none.
const NoOrganization = "organization"

// Every is in place of the name of a stack where those of a project could not be listed. No stack is named so.
const Every = "*"

// A StateTables is what a state says of tables.
type StateTables struct {
	Entries []Entry `json:"tables"`
	// Secret is the number of tables left out because their name, ARN or region is a secret.
	Secret int `json:"secret,omitempty"`
}

// An Entry is one table, or one replica of it, that a stack owns.
type Entry struct {
	Partition    string `json:"partition"` // aws, aws-cn, aws-us-gov; empty where the region is
	Account      string `json:"account"`   // 12 digits; empty where the state does not say
	Region       string `json:"region"`    // empty where the state does not say
	Name         string `json:"name"`
	Organization string `json:"organization"` // "organization" for a backend without any
	Project      string `json:"project"`
	Stack        string `json:"stack"`
	URN          string `json:"urn"`                // of the resource that owns it
	Provider     string `json:"provider,omitempty"` // URN of its provider; empty where the state does not say
	// Backend is that of the stack, a Reading's; empty in an index of one backend.
	Backend string `json:"backend,omitempty"`
}

// Identity is what of the entry is unique in AWS.
func (e Entry) Identity() Identity {
	return Identity{Account: Part{Known: e.Account}, Region: Part{Known: e.Region}, Name: e.Name}
}

// Owner is the stack that owns the table, as project/stack.
func (e Entry) Owner() string { return e.Project + "/" + e.Stack }

// ARN is that of the table, with * for what is not known.
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
func (e Entry) ARN() string {
	return "arn:" + cmp.Or(e.Partition, "*") + ":dynamodb:" + cmp.Or(e.Region, "*") + ":" + cmp.Or(e.Account, "*") +
		":table/" + e.Name
}

// stack is the full name of the stack that owns the table.
func (e Entry) stack() string { return e.Organization + "/" + e.Project + "/" + e.Stack }

func (e Entry) compare(f Entry) int {
	return cmp.Or(
		strings.Compare(e.Name, f.Name), strings.Compare(e.Account, f.Account), strings.Compare(e.Region, f.Region),
		strings.Compare(e.Organization, f.Organization), strings.Compare(e.Project, f.Project),
		strings.Compare(e.Stack, f.Stack), strings.Compare(e.URN, f.URN), strings.Compare(e.Partition, f.Partition),
		strings.Compare(e.Provider, f.Provider), strings.Compare(e.Backend, f.Backend),
	)
}

// An Index is the tables of many stacks at one time, in the order of their names, none twice.
type Index struct {
	GeneratedAt time.Time
	Tables      []Entry
	// Unread are the stacks that could not be read, as organization/project/stack, or with Every in place of the stack all of
	// a project: their tables may be missing.
	Unread []string
	// Read are the stacks that were read, with and without tables; none where the index does not say.
	Read []Reading
	// Wrong says what is wrong with tables that were left out of a decoded index, at most ten times. Their stacks are among
	// the unread ones. It is not encoded.
	Wrong []string
	// Secret is the number of tables left out because their name or ARN is a secret.
	Secret int
}

// A Reading are the stacks of one backend that an index was made of.
type Reading struct {
	Backend string   `json:"backend"` // as BackendOf returns it; empty where an index that was merged does not say
	Stacks  []string `json:"stacks"`  // organization/project/stack, in order
}

// BackendOf tells the backend of a URL from others. It does not tell the URL, because indexes are published.
func BackendOf(url string) string {
	sum := sha256.Sum256([]byte(url))
	return hex.EncodeToString(sum[:8])
}

// New returns the index of some tables. It keeps the entries.
func New(generatedAt time.Time, entries []Entry, unread []string, secret int) *Index {
	if !slices.IsSortedFunc(entries, Entry.compare) {
		slices.SortFunc(entries, Entry.compare)
	}
	unread = slices.Sorted(slices.Values(unread))
	return &Index{
		GeneratedAt: generatedAt.UTC().Truncate(time.Second),
		Tables:      slices.Compact(entries),
		Unread:      slices.Compact(unread),
		Secret:      secret,
	}
}

// Complete reports whether a table that the index does not have is one that no stack has.
func (x *Index) Complete() bool { return len(x.Unread) == 0 && x.Secret == 0 }

// Named returns the tables with a name.
func (x *Index) Named(name string) []Entry {
	from, _ := slices.BinarySearchFunc(x.Tables, name, func(e Entry, name string) int { return strings.Compare(e.Name, name) })
	to := from
	for to < len(x.Tables) && x.Tables[to].Name == name {
		to++
	}
	return x.Tables[from:to:to]
}

// Encode writes the index: one table a line, the same text for the same index. Secret, Unread and Read are left out where
// there are none.
func (x *Index) Encode() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"schemaVersion":%d,"generatedAt":"%s"`, SchemaVersion, x.GeneratedAt.UTC().Format(time.RFC3339))
	write := func(v any) {
		text, _ := json.Marshal(v) // strings and structs of strings cannot fail
		b.Write(text)
	}
	if len(x.Unread) > 0 {
		b.WriteString(`,"unread":`)
		write(x.Unread)
	}
	if len(x.Read) > 0 {
		b.WriteString(`,"read":`)
		write(x.Read)
	}
	if x.Secret > 0 {
		fmt.Fprintf(&b, `,"secret":%d`, x.Secret)
	}
	b.WriteString(`,"tables":[`)
	for i, e := range x.Tables {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
		write(e)
	}
	b.WriteString("\n]}\n")
	return b.Bytes()
}

// Decode reads an index. An error names the place of what is wrong. A text that was cut off, one of another format and
// one of a newer schema are errors. A table that cannot be one is left out, and its stack is then one that was not read.
func Decode(data []byte) (*Index, error) {
	d := &indexDecoder{Scanner: jsonscan.Of(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))), seen: map[string]string{}}
	d.tables = make([]Entry, 0, len(data)/256)
	d.index()
	if d.Err() == nil && d.Next() != 0 {
		d.Unexpected("the end")
	}
	if d.Err() != nil {
		return nil, fmt.Errorf("not a table index: %w", d.Err())
	}
	wrong := d.leaveOut()
	x := New(d.generatedAt, d.tables, d.unread, d.secret)
	x.Read, x.Wrong = d.read, wrong
	return x, nil
}

// An indexDecoder reads an index. It is its own, because encoding/json takes longer for 100,000 tables than a preview should.
type indexDecoder struct {
	*jsonscan.Scanner
	seen        map[string]string // texts that many tables share
	version     int
	generatedAt time.Time
	tables      []Entry
	unread      []string
	read        []Reading
	secret      int
}

func (d *indexDecoder) index() {
	hasTables := false
	d.Members(func(name string) {
		switch name {
		case "schemaVersion":
			if d.version = d.count(name); d.version > SchemaVersion {
				d.Fail("schemaVersion %d is newer than %d, the newest this version of dynamoguard reads; update it", d.version, SchemaVersion)
			}
		case "generatedAt":
			text := d.string(name)
			at, err := time.Parse(time.RFC3339, text)
			if err != nil {
				d.Fail("generatedAt %q is not a time such as 2027-01-31T12:00:00Z", text)
			}
			d.generatedAt = at
		case "unread":
			d.list(name, func(i int) { d.unread = append(d.unread, d.string(fmt.Sprintf("unread[%d]", i))) })
		case "read":
			if err := json.Unmarshal(d.Value(), &d.read); d.Err() == nil && err != nil {
				d.Fail("read is not a list of backends with their stacks")
			}
		case "secret":
			d.secret = d.count(name)
		case "tables":
			hasTables = true
			d.list(name, func(i int) { d.entry(i) })
		default:
			d.Skip()
		}
	})
	switch {
	case d.Err() != nil:
	case d.version == 0:
		d.Fail("schemaVersion is missing")
	case d.generatedAt.IsZero():
		d.Fail("generatedAt is missing")
	case !hasTables:
		d.Fail("tables is missing")
	}
}

func (d *indexDecoder) list(at string, f func(i int)) {
	if c := d.Next(); c != '[' && c != 0 {
		d.Fail("%s is not a list", at)
		return
	}
	d.Elements(f)
}

func (d *indexDecoder) count(at string) int {
	var n int
	if err := json.Unmarshal(d.Value(), &n); d.Err() == nil && (err != nil || n < 0) {
		d.Fail("%s is not a whole number", at)
	}
	return n
}

func (d *indexDecoder) string(at string) string {
	if c := d.Next(); c != '"' && c != 0 {
		d.Fail("%s is not a string", at)
		return ""
	}
	return d.Text()
}

func (d *indexDecoder) entry(i int) {
	if c := d.Next(); c != '{' && c != 0 {
		d.Fail("tables[%d] is not an object", i)
		return
	}
	var e Entry
	d.Members(func(name string) {
		var field *string
		switch name {
		case "partition":
			field = &e.Partition
		case "account":
			field = &e.Account
		case "region":
			field = &e.Region
		case "name":
			field = &e.Name
		case "organization":
			field = &e.Organization
		case "project":
			field = &e.Project
		case "stack":
			field = &e.Stack
		case "urn":
			field = &e.URN
		case "provider":
			field = &e.Provider
		case "backend":
			field = &e.Backend
		default:
			d.Skip()
			return
		}
		if c := d.Next(); c != '"' && c != 0 {
			d.Fail("tables[%d].%s is not a string", i, name)
			return
		}
		text := d.Text()
		if field != &e.Name && field != &e.URN {
			text = d.once(text)
		}
		*field = text
	})
	d.tables = append(d.tables, e)
}

// once returns one copy of a text that comes up often.
func (d *indexDecoder) once(text string) string {
	if known, ok := d.seen[text]; ok {
		return known
	}
	d.seen[text] = text
	return text
}

var (
	validAccount = regexp.MustCompile(`^([0-9]{12})?$`)
	validRegion  = regexp.MustCompile(`^([a-z]{2,}(-[a-z]+)+-[0-9]+)?$`)
)

// IsRegion reports whether a text can be the name of a region.
func IsRegion(s string) bool { return s != "" && validRegion.MatchString(s) }

// leaveOut removes the tables that cannot be any, and returns what is wrong with the first of them, each with its place.
func (d *indexDecoder) leaveOut() (wrong []string) {
	const most = 10
	accounts, regions := map[string]bool{}, map[string]bool{} // what was found valid: there are few
	valid := d.tables[:0]
	for i, e := range d.tables {
		if e.Account == account.StandIn {
			e.Account = ""
		}
		if why := e.wrong(accounts, regions); why == "" {
			valid = append(valid, e)
			continue
		} else if len(wrong) < most {
			wrong = append(wrong, fmt.Sprintf("tables[%d]: %s", i, why))
		}
		d.unread = append(d.unread, e.stack())
	}
	d.tables = valid
	return wrong
}

// wrong says why an entry cannot be a table, empty where it can. It adds to the accounts and regions that are valid.
func (e Entry) wrong(accounts, regions map[string]bool) string {
	if !accounts[e.Account] {
		if accounts[e.Account] = validAccount.MatchString(e.Account); !accounts[e.Account] {
			return fmt.Sprintf("account %q is not 12 digits", e.Account)
		}
	}
	if !regions[e.Region] {
		if regions[e.Region] = validRegion.MatchString(e.Region); !regions[e.Region] {
			return fmt.Sprintf("region %q is not a region such as us-east-1", e.Region)
		}
	}
	switch {
	case e.Name == "":
		return "name is missing"
	case e.Project == "":
		return "project is missing"
	case e.Stack == "":
		return "stack is missing"
	case !strings.HasPrefix(e.URN, "urn:pulumi:"):
		return fmt.Sprintf("urn %q is not a URN", e.URN)
	}
	return ""
}

// Merge returns the tables of several indexes as one. Where more than one was made of a stack, by its backend and its name,
// the newest has the say: a table that it has no more is gone, and it does not matter that an older one could not read the
// stack. An index that does not say what it was made of is taken to be made of the stacks that it has tables of, in
// whatever backend. The result is as old as the oldest.
func Merge(indexes ...*Index) *Index {
	var (
		oldest    time.Time
		entries   []Entry
		unread    []string
		secret    int
		have      = made{} // what newer indexes say something of
		succeeded = made{} // what they read
	)
	newest := slices.SortedStableFunc(slices.Values(indexes), func(a, b *Index) int { return b.GeneratedAt.Compare(a.GeneratedAt) })
	for _, x := range newest {
		oldest = x.GeneratedAt // the last one is
		read, has := x.made()
		for _, e := range x.Tables {
			if backend := x.backendOf(e); !have.has(backend, e.stack()) {
				e.Backend = backend
				entries = append(entries, e)
			}
		}
		for _, stack := range x.Unread {
			lacking := func(backend string) bool {
				// Of a project that could not be listed, a newer listing of the backend says itself whether it could.
				listed := strings.HasSuffix(stack, "/"+Every) && succeeded[backend] != nil
				return !listed && !succeeded.has(backend, stack)
			}
			if slices.ContainsFunc(x.backends(), lacking) {
				unread = append(unread, stack)
			}
		}
		if len(x.Read) == 0 || !succeeded.hasAll(read) {
			secret += x.Secret
		}
		have.add(has)
		succeeded.add(read)
	}
	merged := New(oldest, entries, unread, secret)
	for _, backend := range slices.Sorted(maps.Keys(succeeded)) {
		// A backend that is not known is named beside one that is, or its tables would pass for those of the other.
		if backend != "" || len(succeeded) > 1 {
			merged.Read = append(merged.Read, Reading{backend, slices.Sorted(maps.Keys(succeeded[backend]))})
		}
	}
	if len(merged.Read) == 1 {
		for i := range merged.Tables {
			merged.Tables[i].Backend = "" // it goes without saying
		}
	}
	return merged
}

// made are stacks by backend and full name. The backend "" may be any.
type made map[string]map[string]bool

func (m made) has(backend, stack string) bool {
	if backend != "" {
		return m[backend][stack] || m[""][stack]
	}
	for _, stacks := range m {
		if stacks[stack] {
			return true
		}
	}
	return false
}

func (m made) hasAll(others made) bool {
	for backend, stacks := range others {
		for stack := range stacks {
			if !m.has(backend, stack) {
				return false
			}
		}
	}
	return true
}

func (m made) of(backend string) map[string]bool {
	if m[backend] == nil {
		m[backend] = map[string]bool{}
	}
	return m[backend]
}

func (m made) add(others made) {
	for backend, stacks := range others {
		maps.Copy(m.of(backend), stacks)
	}
}

// made returns the stacks that an index read, and those that it says something of: of one that could not be read, it may
// have what was read before.
func (x *Index) made() (read, has made) {
	read, has = made{}, made{}
	for _, r := range x.Read {
		read.of(r.Backend) // none read is a backend all the same
		for _, stack := range r.Stacks {
			read.of(r.Backend)[stack] = true
		}
	}
	has.add(read)
	for _, e := range x.Tables {
		backend := x.backendOf(e)
		has.of(backend)[e.stack()] = true
		if _, found := slices.BinarySearch(x.Unread, e.stack()); len(x.Read) == 0 && !found {
			read.of(backend)[e.stack()] = true
		}
	}
	return read, has
}

func (x *Index) backends() []string {
	if len(x.Read) == 0 {
		return []string{""}
	}
	var backends []string
	for _, r := range x.Read {
		backends = append(backends, r.Backend)
	}
	return backends
}

func (x *Index) backendOf(e Entry) string {
	if e.Backend == "" && len(x.Read) == 1 {
		return x.Read[0].Backend
	}
	return e.Backend
}

// An Owner is the stack that claims a table, and the URNs that the claiming resource has or had: its own and its aliases.
type Owner struct {
	Organization, Project, Stack string
	URNs                         []string
}

// Owns reports whether an entry is the owner's own: of its stack, or of a resource that it goes by, which is of another
// stack where an alias says so. An organization that is not known may be any; a URN does not hold it.
func (o Owner) Owns(e Entry) bool {
	return sameOrganization(e.Organization, o.Organization) &&
		(e.Project == o.Project && e.Stack == o.Stack || slices.Contains(o.URNs, e.URN))
}

func sameOrganization(a, b string) bool {
	unknown := func(s string) bool { return s == "" || s == NoOrganization }
	return a == b || unknown(a) || unknown(b)
}

// A Conflict is an entry of another stack that is, or may be, the table that is claimed.
type Conflict struct {
	Entry Entry
	Match Match // Same or Possible
}

// Collisions returns the entries that are the claimed table, and those that may be, the former first. Entries of the owner
// itself are none.
func Collisions(claim Identity, named []Entry, owner Owner) []Conflict {
	var same, possible []Conflict
	for _, e := range named {
		if owner.Owns(e) {
			continue
		}
		switch m := claim.Match(e.Identity()); m {
		case Same:
			same = append(same, Conflict{e, m})
		case Possible:
			possible = append(possible, Conflict{e, m})
		}
	}
	return append(same, possible...)
}
