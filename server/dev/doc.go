// Package dev serves the endpoints of the development server: credentials for
// its two apps, faults on request, and a sample business server. docs/dev.md
// describes them for users.
package dev
