package iam

import "slices"

// Without returns the document as it is without those values of the Resource of its Allows that are left out, and without what is
// wrong with a value of a Resource or NotResource that is. All the rest keeps its place.
//
// It never opens more than the document: a Deny, a NotResource and a condition stay as they are, for without a value of theirs they
// would deny, or ask for, less.
func (d *Document) Without(out func(text string) bool) *Document {
	rest := *d
	rest.Statements = slices.Clone(d.Statements)
	wrong := map[string]bool{} // as an error shows it
	for i := range rest.Statements {
		st := &rest.Statements[i]
		narrowed := false
		for j, text := range st.Resource.Texts {
			if !out(text) {
				continue
			}
			wrong[shorten(text)] = true
			if st.Effect == Deny || st.Resource.Not || j >= len(st.resources) {
				continue
			}
			if !narrowed {
				st.resources, narrowed = slices.Clone(st.resources), true
			}
			st.resources[j] = resource{} // which no action is on
		}
	}
	rest.Errors = slices.DeleteFunc(slices.Clone(d.Errors), func(e Error) bool { return wrong[e.Value] })
	return &rest
}
