package tables

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"
	"unsafe"

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
	// Pending is PendingDeletion or PendingCreation of a table that may be there or not, empty of one that is.
	Pending string `json:"pending,omitempty"`
	// Source is what says so; nil where nobody noted it. Many entries share one.
	Source *Source `json:"-"`
}

// A Source is what a table is known from.
type Source struct {
	Name string    // fit to be shown, such as: the index https://example.com/tables.json
	At   time.Time // of which it tells
	// Doubt says why it may not hold any more, as a clause; empty where nothing speaks against it. What rests on it is
	// advisory.
	Doubt string
	// Foreign: it names backends, and that of the run is none of them.
	Foreign bool
}

// MayBeSameBackend is the doubt about a stack that has the name of one of the run's backend, in an index that does not name that
// backend: it has it under another URL, or not at all.
const MayBeSameBackend = "the index may know the backend of this run by another URL"

// String names the source and its time.
func (s *Source) String() string { return s.Name + " of " + ShowTime(s.At) }

// ShowTime is how messages write the time of a source.
func ShowTime(at time.Time) string { return at.UTC().Format("2006-01-02 15:04 MST") }

// What an update that broke off may leave of a table.
const (
	PendingDeletion = "deletion"
	PendingCreation = "creation"
)

// Memory is about how many bytes the entry takes.
func (e Entry) Memory() int {
	return int(unsafe.Sizeof(e)) + len(e.Partition) + len(e.Account) + len(e.Region) + len(e.Name) + len(e.Organization) +
		len(e.Project) + len(e.Stack) + len(e.URN) + len(e.Provider) + len(e.Backend) + len(e.Pending)
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

// FullOwner is the stack that owns the table, as organization/project/stack.
func (e Entry) FullOwner() string { return e.Organization + "/" + e.Owner() }

// compare orders entries. Two that differ by their source alone are the same.
func (e Entry) compare(f Entry) int {
	return cmp.Or(
		strings.Compare(e.Name, f.Name), strings.Compare(e.Account, f.Account), strings.Compare(e.Region, f.Region),
		strings.Compare(e.Organization, f.Organization), strings.Compare(e.Project, f.Project),
		strings.Compare(e.Stack, f.Stack), strings.Compare(e.URN, f.URN), strings.Compare(e.Partition, f.Partition),
		strings.Compare(e.Provider, f.Provider), strings.Compare(e.Backend, f.Backend), strings.Compare(e.Pending, f.Pending),
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

// BackendOf tells the backend of a URL from others, however the URL is written: the user, the password and what says how to
// get at the backend do not count, a slash at the end neither. It does not tell the URL, because indexes are published.
// The path of a file:// URL is to be absolute.
func BackendOf(address string) string {
	if u, err := url.Parse(address); err == nil && u.Opaque == "" {
		where := url.Values{}
		for _, name := range locating {
			if value := u.Query().Get(name); value != "" {
				where.Set(name, value)
			}
		}
		plain := url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host), Path: strings.TrimRight(u.Path, "/"), RawQuery: where.Encode()}
		address = plain.String()
	}
	sum := sha256.Sum256([]byte(address))
	return hex.EncodeToString(sum[:8])
}

// locating are the parameters of a backend's URL that say which backend it is: the service of a bucket (s3), the account of a
// container (azblob), the table of a database (postgres).
//
// Source: https://www.pulumi.com/docs/iac/concepts/state-and-backends/
var locating = []string{"endpoint", "storage_account", "domain", "table"}

// An Unread says what was not read of what was asked for.
type Unread struct {
	Reason string // fit to be shown
	// Stacks are those that it is about, as organization/project/stack, or project/stack or stack where no more is known of
	// them; none where it is not known which they are, or where it is about no stacks.
	Stacks []string
	Kind   UnreadKind
}

// An UnreadKind tells what was not read at all from what was read in part.
type UnreadKind uint8

const (
	NotRead     UnreadKind = iota // stacks, or a whole source
	Outdated                      // a source was read that tells of long ago, or nobody can tell of when
	SecretNames                   // tables were left out because their names are secret
)

// New returns the index of some tables. It keeps the entries.
func New(generatedAt time.Time, entries []Entry, unread []string, secret int) *Index {
	if !slices.IsSortedFunc(entries, Entry.compare) {
		slices.SortFunc(entries, Entry.compare)
	}
	unread = slices.Sorted(slices.Values(unread))
	return &Index{
		GeneratedAt: generatedAt.UTC().Truncate(time.Second),
		Tables:      slices.CompactFunc(entries, func(a, b Entry) bool { return a.compare(b) == 0 }),
		Unread:      slices.Compact(unread),
		Secret:      secret,
	}
}

// Complete reports whether a table that the index does not have is one that no stack has.
func (x *Index) Complete() bool { return len(x.Unread) == 0 && x.Secret == 0 }

// Named returns the tables with a name.
func (x *Index) Named(name string) []Entry {
	from, _ := slices.BinarySearchFunc(x.Tables, name, func(e Entry, name string) int { return strings.Compare(e.Name, name) })
	to := from + sort.Search(len(x.Tables)-from, func(i int) bool { return x.Tables[from+i].Name != name })
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

// mostListed bounds the lists of an index that is decoded: an entry takes a hundred times the memory of {} in the text.
const mostListed = 2_000_000

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
			text := d.Value()
			if jsonscan.Values(text) > mostListed {
				d.Fail("read has more than %d values", mostListed)
			}
			if d.Err() != nil {
				return
			}
			if err := json.Unmarshal(text, &d.read); err != nil {
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
	d.Elements(func(i int) {
		if i == mostListed {
			d.Fail("%s has more than %d elements", at, mostListed)
			return
		}
		f(i)
	})
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
		case "pending":
			field = &e.Pending
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
	validAccount = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([0-9]{12})?$`) })
	validRegion  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([a-z]{2,}(-[a-z]+)+-[0-9]+)?$`) })
)

// IsRegion reports whether a text can be the name of a region.
func IsRegion(s string) bool { return s != "" && validRegion().MatchString(s) }

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
		d.unread = append(d.unread, e.FullOwner())
	}
	d.tables = valid
	return wrong
}

// wrong says why an entry cannot be a table, empty where it can. It adds to the accounts and regions that are valid.
func (e Entry) wrong(accounts, regions map[string]bool) string {
	if !accounts[e.Account] {
		if accounts[e.Account] = validAccount().MatchString(e.Account); !accounts[e.Account] {
			return fmt.Sprintf("account %q is not 12 digits", e.Account)
		}
	}
	if !regions[e.Region] {
		if regions[e.Region] = validRegion().MatchString(e.Region); !regions[e.Region] {
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
			if backend := x.backendOf(e); !have.has(backend, e.FullOwner()) {
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
		has.of(backend)[e.FullOwner()] = true
		if _, found := slices.BinarySearch(x.Unread, e.FullOwner()); len(x.Read) == 0 && !found {
			read.of(backend)[e.FullOwner()] = true
		}
	}
	return read, has
}

// Stacks are those that the index read, as organization/project/stack: of a backend, and of those that it does not name.
func (x *Index) Stacks(backend string) map[string]bool {
	read, _ := x.made()
	stacks := maps.Clone(read[backend])
	if stacks == nil {
		stacks = map[string]bool{}
	}
	maps.Copy(stacks, read[""])
	return stacks
}

// Tells reports whether the index may have been made of a backend: it names it, or names none. One that is not known is "".
func (x *Index) Tells(backend string) bool {
	backends := x.backends()
	return backend == "" || slices.Contains(backends, backend) || slices.Contains(backends, "")
}

// backends are those that it was made of, "" where it does not say.
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

// NameBackends gives each entry the backend of its stack, where the index says which.
func (x *Index) NameBackends() {
	for i, e := range x.Tables {
		x.Tables[i].Backend = x.backendOf(e)
	}
}

func (x *Index) backendOf(e Entry) string {
	if e.Backend == "" && len(x.Read) == 1 {
		return x.Read[0].Backend
	}
	return e.Backend
}

// An Owner is the stack that claims a table, and the URNs of the claiming resource: the one that it has, then those that it had
// by its aliases.
type Owner struct {
	Backend                      string // as BackendOf returns it; empty where it is not known
	Organization, Project, Stack string
	URNs                         []string
}

// Owns reports whether an entry is the owner's own: of its stack, or of its resource. A backend or an organization that is not
// known may be any; a URN holds neither.
func (o Owner) Owns(e Entry) bool {
	return !o.Elsewhere(e) && sameOrganization(e.Organization, o.Organization) &&
		(e.Project == o.Project && e.Stack == o.Stack || slices.Index(o.URNs, e.URN) == 0)
}

// aliased reports whether an entry of another stack is one that the owner's resource goes by. It may have moved here; but the
// program can write so of any.
func (o Owner) aliased(e Entry) bool {
	return !o.Elsewhere(e) && sameOrganization(e.Organization, o.Organization) && slices.Index(o.URNs, e.URN) > 0
}

// Elsewhere reports whether an entry is known to be of another backend. Two backends may have stacks of the same name.
func (o Owner) Elsewhere(e Entry) bool {
	return o.Backend != "" && e.Backend != "" && o.Backend != e.Backend
}

// Namesake reports whether an entry is of a stack with the owner's name in another backend.
func (o Owner) Namesake(e Entry) bool {
	return o.Elsewhere(e) && sameOrganization(e.Organization, o.Organization) && e.Project == o.Project && e.Stack == o.Stack
}

// Doubt says why an entry may not be another's, or not be there any more; empty where nothing speaks against it.
func (o Owner) Doubt(e Entry) string {
	switch {
	case e.Source == nil:
		return ""
	case e.Source.Doubt == "" && e.Source.Foreign && o.Namesake(e):
		return MayBeSameBackend
	default:
		return e.Source.Doubt
	}
}

func sameOrganization(a, b string) bool {
	unknown := func(s string) bool { return s == "" || s == NoOrganization }
	return a == b || unknown(a) || unknown(b)
}

// Near returns those of the entries of a name that may be where the identity is, or where it is configured to be. Where both are
// known to be elsewhere, no more of them is looked at: of one name there can be thousands, one in each account.
func (i Identity) Near(named []Entry) []Entry {
	account, region := i.Account.Known, i.Region.Known
	if i.Account.Configured != "" {
		account = ""
	}
	differ := func(a, b string) bool { return a != "" && b != "" && a != b }
	var near []Entry
	for n := range named {
		if e := &named[n]; !differ(e.Account, account) && !differ(e.Region, region) {
			near = append(near, *e)
		}
	}
	return near
}

// A Conflict is an entry of another stack that is, or may be, the table that is claimed.
type Conflict struct {
	Entry Entry
	Match Match  // Same or Possible
	Doubt string // see Owner.Doubt
	// Aliased: an alias says that the table was the claiming resource's own, in another stack, which still has it.
	Aliased bool
}

// Collisions returns the entries that are the claimed table, and those that may be, the former first; of either, those that
// are in doubt last. Entries of the owner itself are none.
func Collisions(claim Identity, named []Entry, owner Owner) []Conflict {
	var conflicts []Conflict
	for _, e := range named {
		if owner.Owns(e) {
			continue
		}
		m, aliased := claim.Match(e.Identity()), owner.aliased(e)
		if m == Different {
			continue
		}
		if aliased || e.Pending != "" {
			m = Possible
		}
		conflicts = append(conflicts, Conflict{Entry: e, Match: m, Doubt: owner.Doubt(e), Aliased: aliased})
	}
	slices.SortStableFunc(conflicts, func(a, b Conflict) int {
		return cmp.Or(cmp.Compare(b.Match, a.Match), strings.Compare(a.Doubt, b.Doubt))
	})
	return conflicts
}
