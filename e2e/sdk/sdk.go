// Package sdk reads which properties the resource types of the AWS providers have, so that a test can hold what policies
// read to them.
//
//   - A [Source] reads the source of a Go SDK of the classic provider. Nothing of that is imported: it would take minutes to
//     compile, for names that the source tells in a second.
//   - [Native] is a list of types of the aws-native provider, whose Go SDK the module proxy does not have. It is made of the
//     npm package, which a [Package] reads.
package sdk

import (
	"maps"
	"slices"
)

// A block is the properties of an object, by name.
type block map[string]property

// A property is a scalar, a map or a list of them unless block says what it holds.
type property struct {
	block string // the name of a block
	list  bool   // of blocks
}

// patterns returns the properties of a block at every depth, sorted: "name", "replicas", "replicas[].kmsKeyArn". find
// returns the block of a name, an error where there is none.
func patterns(name string, find func(name string) (block, error)) ([]string, error) {
	found := map[string]bool{}
	var within []string // the blocks being walked: a block may hold itself, and is walked once
	var walk func(prefix, name string) error
	walk = func(prefix, name string) error {
		if slices.Contains(within, name) {
			return nil
		}
		within = append(within, name)
		defer func() { within = within[:len(within)-1] }()
		members, err := find(name)
		if err != nil {
			return err
		}
		for member, p := range members {
			found[prefix+member] = true
			if p.block == "" {
				continue
			}
			below := prefix + member + "."
			if p.list {
				below = prefix + member + "[]."
			}
			if err := walk(below, p.block); err != nil {
				return err
			}
		}
		return nil
	}
	if err := walk("", name); err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(found)), nil
}
