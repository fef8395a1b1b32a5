package chat

import (
	"slices"
	"strings"

	"parley/demo/sdk"
)

// Members is everyone in the room but oneself, sorted by name. The zero value
// is empty.
type Members struct {
	list []sdk.Member
}

// List returns the members in order. The caller must not change it.
func (m *Members) List() []sdk.Member { return m.list }

// Apply adds or removes members. Adding one who is there renews the name.
func (m *Members) Apply(added bool, members []sdk.Member) {
	for _, one := range members {
		m.list = slices.DeleteFunc(m.list, func(o sdk.Member) bool { return o.ID == one.ID })
		if added && one.ID != "" {
			m.list = append(m.list, one)
		}
	}
	slices.SortFunc(m.list, func(a, b sdk.Member) int {
		if c := strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
}

// Has reports whether a member of that ID is in the room.
func (m *Members) Has(id string) bool {
	return slices.ContainsFunc(m.list, func(o sdk.Member) bool { return o.ID == id })
}

// Clear empties the list.
func (m *Members) Clear() { m.list = nil }
