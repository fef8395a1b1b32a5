// Package dev serves the endpoints of the development server: credentials for
// its two apps, and faults on request. docs/dev.md describes both for users.
package dev
