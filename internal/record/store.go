package record

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"dynamoguard/internal/files"
)

// A Store is a folder that keeps the last record of each stack, the newest ones, in files that only the user can read. The zero
// Store keeps nothing.
type Store struct{ folder string }

// In returns the store in a folder for what is kept between runs; without a folder, the one that keeps nothing.
func In(cache string) Store {
	if cache == "" {
		return Store{}
	}
	return Store{filepath.Join(cache, "runs")}
}

const (
	mostRecords = 100
	extension   = ".json"
	unfinished  = "new-" // what the name of a file begins with that is still written
)

// Save keeps a record in place of the one before of its stack. A link in the place of the file is replaced, not followed.
func (s Store) Save(r *Record) error {
	if s.folder == "" {
		return nil
	}
	content, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.folder, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(s.folder, unfinished+"*")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), s.path(r))
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return s.clean(r.Time)
}

// path is that of the record of a stack. What a stack is called is no name of a file.
func (s Store) path(r *Record) string {
	sum := sha256.Sum256([]byte(r.Organization + "\n" + r.Project + "\n" + r.Stack))
	return filepath.Join(s.folder, hex.EncodeToString(sum[:16])+extension)
}

// clean removes the oldest records where there are too many, and what a run left unfinished that ended while it wrote.
func (s Store) clean(now time.Time) error {
	listed, err := s.files()
	if err != nil {
		return err
	}
	var errs []error
	records := 0
	for _, f := range listed {
		stale := strings.HasPrefix(f.Name(), unfinished) && now.Sub(f.ModTime()) > time.Hour
		if filepath.Ext(f.Name()) == extension {
			records++
			stale = records > mostRecords
		}
		if stale {
			errs = append(errs, os.Remove(filepath.Join(s.folder, f.Name())))
		}
	}
	return errors.Join(errs...)
}

// files are the regular files of the folder, the last written first.
func (s Store) files() ([]fs.FileInfo, error) {
	var list []fs.FileInfo
	err := files.Each(context.Background(), s.folder, func(e fs.DirEntry) error {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() { // else it is gone, or no record
			list = append(list, info)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(list, func(a, b fs.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	return list, nil
}

// Last returns the newest record of a stack: any where stack is empty, else one by its name, project/name or
// organization/project/name. It is nil where there is none. What cannot be read, or was kept by another version of the form, is
// no record.
func (s Store) Last(stack string) (*Record, error) {
	if s.folder == "" {
		return nil, errors.New("there is no folder to keep records in")
	}
	listed, err := s.files()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var last *Record
	for _, f := range listed {
		if filepath.Ext(f.Name()) != extension {
			continue
		}
		r := read(filepath.Join(s.folder, f.Name()))
		if r != nil && r.is(stack) && (last == nil || r.Time.After(last.Time)) {
			last = r
		}
	}
	return last, err
}

func read(path string) *Record {
	r := &Record{}
	content, err := files.Read(context.Background(), path, most)
	if err != nil || json.Unmarshal(content, r) != nil || r.Format != format {
		return nil
	}
	return r
}

// is reports whether a record is of the stack of a name.
func (r *Record) is(stack string) bool {
	return stack == "" || stack == r.Stack || stack == r.Project+"/"+r.Stack || stack == r.Organization+"/"+r.Project+"/"+r.Stack
}
