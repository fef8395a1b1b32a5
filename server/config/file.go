package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// file reads the settings in text, which stands in the file name.
func (l *loader) file(name string, text []byte) {
	root, ok := l.document(name, text)
	if !ok || root == nil {
		return
	}
	if root.Kind != yaml.MappingNode {
		l.wrong.say(place(name, root), "", "write it as \"listen: 127.0.0.1:8080\" and so on", "the file is not a mapping of settings")
		return
	}
	l.mapping(name, "", root)
}

// appsText reads a list of apps out of a variable or flag.
func (l *loader) appsText(text string, source Source) {
	root, ok := l.document(source.Where, []byte(text))
	if !ok {
		return
	}
	if root == nil {
		root = &yaml.Node{Kind: yaml.SequenceNode} // "": no apps
	}
	l.apps(root, func(*yaml.Node) Source { return source })
}

var yamlLine = regexp.MustCompile(`line (\d+): `)

// document parses text; a nil node means that it is empty.
func (l *loader) document(name string, text []byte) (*yaml.Node, bool) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var doc, more yaml.Node
	err := decoder.Decode(&doc)
	if errors.Is(err, io.EOF) {
		return nil, true
	}
	if err == nil {
		if err = decoder.Decode(&more); errors.Is(err, io.EOF) {
			if len(doc.Content) == 0 {
				return nil, true
			}
			root := doc.Content[0]
			if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
				return nil, true
			}
			return root, true
		}
		if err == nil {
			l.wrong.say(place(name, &more), "", "keep one document, without \"---\"", "a second document begins")
			return nil, false
		}
	}
	what := strings.TrimPrefix(err.Error(), "yaml: ")
	if at := yamlLine.FindStringSubmatchIndex(what); at != nil {
		name += ":" + what[at[2]:at[3]]
		what = what[:at[0]] + what[at[1]:]
	}
	l.wrong.add(&Error{Where: name, What: "not YAML: " + what, Fix: "check indentation and quotes near this line", Err: err})
	return nil, false
}

func place(name string, at *yaml.Node) string { return fmt.Sprintf("%s:%d", name, at.Line) }

// mapping reads the settings whose keys begin with prefix.
func (l *loader) mapping(name, prefix string, node *yaml.Node) {
	l.pairs(node, prefix, func(n *yaml.Node) string { return place(name, n) }, func(key, value *yaml.Node) {
		full, source := prefix+key.Value, Source{FromFile, place(name, key)}
		group := false
		for _, s := range settings {
			group = group || strings.HasPrefix(s.key, full+".")
			if s.key != full {
				continue
			}
			if s.key == appsKey {
				l.apps(value, func(n *yaml.Node) Source { return Source{FromFile, place(name, n)} })
				return
			}
			if bad := s.parseNode(s.at(&l.cfg), value); bad != nil {
				bad.Where, bad.Key = place(name, value), s.key
				l.wrong.add(bad)
				return
			}
			l.from[s.key] = source
			return
		}
		switch {
		case !group:
			l.wrong.say(source.Where, full, didYouMean(full, fileKeys()), "no setting has this name")
		case value.Kind != yaml.MappingNode:
			l.wrong.say(place(name, value), full, "write its settings indented below it", "is a group of settings, not a value")
		default:
			l.mapping(name, full+".", value)
		}
	})
}

// fileKeys are all names that may stand in a file, groups too.
func fileKeys() []string {
	var keys []string
	for _, s := range settings {
		keys = append(keys, s.key)
		for i, sign := range s.key {
			if group := s.key[:i]; sign == '.' && !slices.Contains(keys, group) {
				keys = append(keys, group)
			}
		}
	}
	return keys
}

// pairs calls use for each key and value of node, and refuses doubled keys.
func (l *loader) pairs(node *yaml.Node, prefix string, where func(*yaml.Node) string, use func(key, value *yaml.Node)) {
	first := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			l.wrong.say(where(key), "", "write a setting's name", "the key is not a name")
			continue
		}
		if line, doubled := first[key.Value]; doubled {
			l.wrong.say(where(key), prefix+key.Value, "keep one of the two", "stands on line %d already", line)
			continue
		}
		first[key.Value] = key.Line
		use(key, value)
	}
}

// apps replaces the list of apps by node.
func (l *loader) apps(node *yaml.Node, source func(*yaml.Node) Source) {
	if node.Kind != yaml.SequenceNode {
		l.wrong.say(source(node).Where, appsKey, "write each app as \"- name: …\" with its settings below", "is not a list")
		return
	}
	// An earlier layer's apps are gone, and so are their sources.
	for key := range l.from {
		if strings.HasPrefix(key, appsKey+"[") {
			delete(l.from, key)
		}
	}
	l.from[appsKey] = source(node)
	l.cfg.Apps = make([]App, len(node.Content))
	known := make([]string, len(appSettings))
	for i, s := range appSettings {
		known[i] = s.key
	}
	for i, item := range node.Content {
		app := &l.cfg.Apps[i]
		for _, s := range appSettings {
			if s.standard == "" {
				continue
			}
			if bad := s.parse(s.at(app), s.standard); bad != nil {
				panic("config: default of " + appsKey + "." + s.key + ": " + bad.What)
			}
		}
		prefix := appKey(i, "")
		if item.Kind != yaml.MappingNode {
			l.wrong.say(source(item).Where, strings.TrimSuffix(prefix, "."), "write its settings as \"name: …\" and so on", "is not a mapping")
			continue
		}
		l.from[strings.TrimSuffix(prefix, ".")] = source(item)
		l.pairs(item, prefix, func(n *yaml.Node) string { return source(n).Where }, func(key, value *yaml.Node) {
			at := slices.Index(known, key.Value)
			if at < 0 {
				l.wrong.say(source(key).Where, prefix+key.Value, didYouMean(key.Value, known), "no app has a setting of this name")
				return
			}
			if bad := appSettings[at].parseNode(appSettings[at].at(app), value); bad != nil {
				bad.Where, bad.Key = source(value).Where, prefix+key.Value
				l.wrong.add(bad)
				return
			}
			l.from[prefix+key.Value] = source(key)
		})
	}
}

// parseNode is parse for a value in YAML: a list is a YAML list there. A scalar's
// text counts, not YAML's guess at its type: a secret of digits stays as it is.
func (s setting[T]) parseNode(field any, node *yaml.Node) *Error {
	texts, isList := []string{node.Value}, false
	var scalars []*yaml.Node
	switch node.Kind {
	case yaml.AliasNode:
		return &Error{What: "refers to an anchor", Fix: "write the value out"}
	case yaml.SequenceNode:
		scalars, texts, isList = node.Content, nil, true
	default:
		scalars = []*yaml.Node{node}
	}
	for _, n := range scalars {
		if n.Kind != yaml.ScalarNode {
			return &Error{What: "is not a plain value", Fix: "write one value, or a list of them where the setting is a list"}
		}
		if n.Tag == "!!null" {
			return &Error{What: "has no value", Fix: "write one, or leave the setting out for its default"}
		}
		if isList {
			texts = append(texts, n.Value)
		}
	}
	switch f := field.(type) {
	case *[]string:
		if !isList {
			return &Error{What: "is not a list", Fix: "write [a, b] or one \"- a\" per line"}
		}
		*f = texts
		return nil
	case *[]time.Duration:
		if !isList {
			return &Error{What: "is not a list", Fix: "write [2s, 4s] or one \"- 2s\" per line"}
		}
		return s.parse(field, strings.Join(texts, ","))
	case *[]Secret:
		if !isList {
			return &Error{What: "is not a list", Fix: "write [secret] or one \"- secret\" per line"}
		}
		*f = nil
		for _, text := range texts {
			*f = append(*f, Secret(text))
		}
		return nil
	}
	if isList {
		return &Error{What: "is a list", Fix: "write one value"}
	}
	return s.parse(field, node.Value)
}
