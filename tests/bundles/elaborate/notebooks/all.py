# Databricks notebook source
given = dbutils.widgets.getAll()
