package facts

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"dynamoguard/internal/account"
	"dynamoguard/internal/partition"
	"dynamoguard/internal/place"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/state"
	"dynamoguard/internal/tables"
)

// mostMemory bounds what the tables of one state may take.
const mostMemory = 64 << 20

// OwnsTables reports whether resources of a type own the names of tables.
func OwnsTables(typ string) bool {
	_, ok := shapes[typ]
	return ok
}

// ReadTables reads the tables that the resources of one stack own from its state: a checkpoint as a backend keeps it, or an
// export, see state.Read. A table of which the name or the place is a secret is counted and left out.
//
// A Table owns its name in its own region and in those of the replicas the program asked for; a TableReplica in its own;
// so do aws-native's Table and GlobalTable. A resource that is only read (external) owns nothing. One that is to be deleted,
// or that was being created, is pending; where the state has another that owns the same, that one counts. One that was
// deleted to be replaced owns what it did: its stack is about to create it again. Tables that take more
// than 64 MB of memory are an error: that is room for 100,000.
func ReadTables(r io.Reader, organization string) (tables.StateTables, error) {
	return readTables(r, organization, state.Read, OwnsTables, nil)
}

// Places are what a state says of its tables, and of where its providers work.
type Places struct {
	tables.StateTables
	// Made tells in which accounts the providers make what they make, by the ARNs of principals and their policies, which are always of
	// the provider's own: an entry without a name for each provider and account, and one for the stack itself, which may have neither.
	Made    []tables.Entry
	Written time.Time // zero where the state does not say
}

// ReadPlaces is ReadTables, and more.
func ReadPlaces(r io.Reader, organization string) (found Places, err error) {
	tells := func(typ string) bool {
		kind := entities[typ].kind
		return typ == resource.StackType || kind == KindRole || kind == KindUser || kind == KindGroup || kind == KindManagedPolicy
	}
	known := map[tables.Entry]bool{}
	read := func(r io.Reader, wanted func(string) bool, each func(*state.Resource)) error {
		return state.ReadWritten(r, wanted, each, func(at time.Time) { found.Written = at })
	}
	found.StateTables, err = readTables(r, organization, read, func(typ string) bool { return OwnsTables(typ) || tells(typ) }, func(r *state.Resource) {
		e := tables.Entry{Organization: organization, Project: r.URN.Project(), Stack: r.URN.Stack()}
		if r.Type != resource.StackType {
			arn := r.Outputs.Get(entities[r.Type].arn)
			text, _ := arn.Text()
			parts := strings.SplitN(text, ":", 6)
			if r.External || r.Provider == nil || arn.HasSecret() || len(parts) < 6 || account.Known(parts[4]) == "" {
				return
			}
			e.Partition, e.Account, e.Provider = parts[1], parts[4], string(r.Provider.URN)
		}
		if !known[e] {
			known[e] = true
			found.Made = append(found.Made, e)
		}
	})
	return found, err
}

// readTables hands what owns no tables to others.
func readTables(
	r io.Reader, organization string, read func(io.Reader, func(string) bool, func(*state.Resource)) error,
	wanted func(typ string) bool, others func(*state.Resource),
) (tables.StateTables, error) {
	var found tables.StateTables
	memory := 0
	err := read(r, wanted, func(r *state.Resource) {
		switch {
		case !OwnsTables(r.Type):
			others(r)
		case r.External:
		case secretTable(r):
			if pending(r) == "" {
				found.Secret++
			}
		case memory <= mostMemory:
			entries := owned(r, organization)
			for _, e := range entries {
				memory += e.Memory()
			}
			found.Entries = append(found.Entries, entries...)
		}
	})
	if err == nil && memory > mostMemory {
		err = fmt.Errorf("its tables take more than %d MB of memory", mostMemory>>20)
	}
	if err != nil {
		return tables.StateTables{}, err
	}
	found.Entries = settled(found.Entries)
	return found, nil
}

// pending says what may become of what a resource owns.
func pending(r *state.Resource) string {
	switch {
	case r.Delete:
		return tables.PendingDeletion
	case r.Creating:
		return tables.PendingCreation
	default:
		return ""
	}
}

// settled leaves out what is pending of a table that is owned for certain: what a replacement leaves to be deleted has mostly the
// name of what replaced it.
func settled(entries []tables.Entry) []tables.Entry {
	type identity struct{ account, region, name string }
	of := func(e tables.Entry) identity { return identity{e.Account, e.Region, e.Name} }
	owned := map[identity]bool{}
	for _, e := range entries {
		if e.Pending == "" {
			owned[of(e)] = true
		}
	}
	return slices.DeleteFunc(entries, func(e tables.Entry) bool { return e.Pending != "" && owned[of(e)] })
}

// secretTable reports whether what says which table a resource owns is a secret.
func secretTable(r *state.Resource) bool {
	in, out := r.Properties, r.Outputs
	if in.Secret() || out.Secret() {
		return true
	}
	name := shapes[r.Type].says()
	for _, v := range []resource.Value{
		in.Get(name), out.Get(name), in.Get("arn"), out.Get("arn"), in.Get("region"), out.Get("region"), in.Get("replicas"),
	} {
		if v.HasSecret() {
			return true
		}
	}
	return false
}

// says is the property that says which table a resource declares, or a replica of which.
func (s *shape) says() string { return cmp.Or(s.table[Name], s.replicaOf) }

// owned returns the tables that a resource of a state owns.
func owned(r *state.Resource, organization string) (entries []tables.Entry) {
	shape := shapes[r.Type]
	in, out := r.Properties, r.Outputs
	arn, ok := tables.ParseARN(text(out, "arn"))
	if shape.replicaOf != "" && !ok {
		// Not the replica's own ARN, but that of its table, in another region.
		if arn, ok = tables.ParseARN(text(in, shape.replicaOf)); !ok {
			return nil
		}
		arn.Region = ""
	}
	e := tables.Entry{
		Partition: arn.Partition, Account: arn.Account, Region: arn.Region,
		Name:         cmp.Or(arn.Name, text(out, shape.says()), text(in, shape.says()), r.ID),
		Organization: organization, Project: r.URN.Project(), Stack: r.URN.Stack(), URN: string(r.URN),
		Pending: pending(r),
	}
	if r.Provider != nil {
		e.Provider = string(r.Provider.URN)
	}
	if e.Name == "" || e.Project == "" {
		return nil // no URN has no project
	}
	where := place.Account(&r.Resource, place.Around{})
	e.Account = account.Known(cmp.Or(e.Account, open(where)))
	own := out.Get("region")
	if own.Empty() {
		own = in.Get("region")
	}
	region := cmp.Or(e.Region, open(place.Region(&r.Resource, own, where, place.Around{})))
	add := func(region string) {
		e := e
		if e.Region = region; !tables.IsRegion(region) {
			e.Region = ""
		}
		e.Partition = cmp.Or(e.Partition, partition.Of(e.Region))
		entries = append(entries, e)
	}
	add(region)
	// The inputs say which replicas the program owns; outputs list those of TableReplicas as well.
	for _, replica := range in.Get(shape.copies).Elements() {
		if other := text(replica, shape.copy[Region]); other != "" && other != entries[0].Region {
			add(other)
		}
	}
	return entries
}

// open is what is known of a part, and may be published.
func open(p tables.Part) string {
	if p.Secret {
		return ""
	}
	return p.Known
}

func text(v resource.Value, name string) string {
	s, _ := v.Get(name).Text()
	return s
}
