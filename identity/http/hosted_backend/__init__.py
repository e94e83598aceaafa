"""The hosted backend: /app/*, which signs people in for applications that are nothing but pages in a browser.

It is an OAuth client of its own service, in the application's name: it keeps the verifier and the client's secret, and
leaves the tokens in cookies. Source: supporting contract 22.
"""
